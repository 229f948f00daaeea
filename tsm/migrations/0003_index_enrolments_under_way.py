from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class AddIndexBeside(AddIndexConcurrently):
    """Builds the index while everybody goes on writing, where the database can: on PostgreSQL."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        forwards = super() if schema_editor.connection.vendor == "postgresql" else super(AddIndexConcurrently, self)
        forwards.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        backwards = super() if schema_editor.connection.vendor == "postgresql" else super(AddIndexConcurrently, self)
        backwards.database_backwards(app_label, schema_editor, from_state, to_state)


class Migration(migrations.Migration):
    # Concurrently means: in no transaction.
    atomic = False

    dependencies = [
        ('tsm', '0002_add_service_orders_incidents_and_load_files'),
    ]

    operations = [
        AddIndexBeside(
            model_name='enrolment',
            index=models.Index(
                condition=models.Q(('state__in', ['verified', 'prepared', 'keyed', 'certified', 'installed'])),
                fields=['realm', 'state_since'],
                name='tsm_enrolment_under_way',
            ),
        ),
    ]
