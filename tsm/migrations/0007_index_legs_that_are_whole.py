from django.db import migrations, models

from ca import online


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('tsm', '0006_note_which_legs_are_trimmed'),
    ]

    operations = [
        online.AddIndexConcurrently(
            model_name='leg',
            index=models.Index(
                condition=models.Q(('state__in', ['checked', 'failed', 'lost']), ('trimmed_at', None)),
                fields=['created_at'],
                name='tsm_leg_untrimmed',
            ),
        ),
    ]
