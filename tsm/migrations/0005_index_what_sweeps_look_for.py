from django.db import migrations, models

from ca import online


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('tsm', '0004_mark_how_far_sweeps_looked'),
    ]

    operations = [
        online.AddIndexConcurrently(
            model_name='conversation',
            index=models.Index(condition=models.Q(('failures__gt', 0)), fields=['closed_at'], name='tsm_conversation_went_wrong'),
        ),
        online.AddIndexConcurrently(
            model_name='enrolment',
            index=models.Index(condition=models.Q(('state__in', ['ended', 'abandoned'])), fields=['realm', 'state_since'], name='tsm_enrolment_leaving'),
        ),
        online.AddIndexConcurrently(
            model_name='secureelement',
            index=models.Index(condition=models.Q(('isd_pending__isnull', False)), fields=['phone'], name='tsm_element_keys_pending'),
        ),
    ]
