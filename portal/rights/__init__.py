"""Who may do what: each process's rights in the database and at the broker, as data, and what makes them so.

`processes` names them; `tables` and `guards` say what each may do in PostgreSQL, `queues` at RabbitMQ; `statements` and
`definitions` write it down in their languages (`manage.py database_roles`, `manage.py broker_definitions`).
"""
