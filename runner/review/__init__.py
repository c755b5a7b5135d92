"""The page to listen on, served on this machine alone: who may ask, what is answered. What is saved, others do."""
