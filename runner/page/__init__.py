"""The page to listen on: a project as one HTML text. Nothing here knows a disk; `assets/` are its modules and its style."""
