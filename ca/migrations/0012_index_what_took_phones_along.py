from django.db import migrations, models

from ca import online


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('ca', '0011_note_when_phones_fell'),
    ]

    operations = [
        online.AddIndexConcurrently(
            model_name='cardrevocation',
            index=models.Index(
                condition=models.Q(('phones_fell_at__isnull', False)),
                fields=['realm', 'revoked_at', 'phones_fell_at'],
                name='ca_card_revocation_took_phones',
            ),
        ),
        online.RemoveIndexConcurrently(
            model_name='cardrevocation',
            name='ca_card_revocation_lately',
        ),
    ]
