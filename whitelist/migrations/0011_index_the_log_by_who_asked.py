from django.db import migrations, models

from ca import online


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('whitelist', '0010_drop_verification_requests'),
    ]

    operations = [
        online.AddIndexConcurrently(
            model_name='verificationlog',
            index=models.Index(fields=['relying_party', 'id'], name='whitelist_log_asked'),
        ),
        online.AddIndexConcurrently(
            model_name='verificationlog',
            index=models.Index(condition=models.Q(('on_behalf_of__isnull', False)), fields=['on_behalf_of', 'id'], name='whitelist_log_in_name'),
        ),
    ]
