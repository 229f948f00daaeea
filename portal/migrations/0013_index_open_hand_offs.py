from django.db import migrations, models

from ca import online


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('portal', '0012_note_periodic_runs'),
    ]

    operations = [
        online.AddIndexConcurrently(
            model_name='handoff',
            index=models.Index(condition=models.Q(('state__in', ['waiting', 'scanned', 'shown'])), fields=['realm', 'expires_at'], name='portal_handoff_open'),
        ),
    ]
