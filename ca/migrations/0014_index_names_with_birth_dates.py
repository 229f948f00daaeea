from django.db import migrations, models

from ca import online


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('ca', '0013_condemn_generations'),
    ]

    operations = [
        online.AddIndexConcurrently(
            model_name='holder',
            index=models.Index(fields=['realm', 'name', 'born_on'], name='ca_holder_name_born_on'),
        ),
        online.RemoveIndexConcurrently(
            model_name='holder',
            name='ca_holder_name',
        ),
    ]
