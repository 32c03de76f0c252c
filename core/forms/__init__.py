"""Forms: what is asked. One definition gives checks, HTML fields, API schema and stored answers."""
