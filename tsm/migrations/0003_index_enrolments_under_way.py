from django.db import migrations, models

from ca import online


class Migration(migrations.Migration):
    # Built while everybody goes on writing: in no transaction.
    atomic = False

    dependencies = [
        ('tsm', '0002_add_service_orders_incidents_and_load_files'),
    ]

    operations = [
        online.AddIndexConcurrently(
            model_name='enrolment',
            index=models.Index(
                condition=models.Q(('state__in', ['verified', 'prepared', 'keyed', 'certified', 'installed'])),
                fields=['realm', 'state_since'],
                name='tsm_enrolment_under_way',
            ),
        ),
    ]
