"""A vendor that can be told to misbehave, in a process of its own, with a ledger of what it charged.

It speaks Pixazo's protocol, and as much of PixVerse's as listing needs, over raw sockets: no HTTP library stands
between a fault and the wire. The prompt of a job is its script, `KEY=STEP,STEP,...` words that each request of its kind
takes one step of, the last one for ever:

    name=theme  submit=paid:rst  poll=word:TUNING,500,done  media=ok  lag=0.01

`name` is who is charged. See submits, polls and media for the steps.
"""
