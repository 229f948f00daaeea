from django.db import migrations, models

from ca import online


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('ca', '0009_watch_journals'),
    ]

    operations = [
        online.AddIndexConcurrently(
            model_name='certificate',
            index=models.Index(condition=models.Q(('status', 'pending')), fields=['realm', 'medium'], name='ca_certificate_pending'),
        ),
        online.AddIndexConcurrently(
            model_name='cardrevocation',
            index=models.Index(fields=['realm', 'revoked_at'], name='ca_card_revocation_lately'),
        ),
    ]
