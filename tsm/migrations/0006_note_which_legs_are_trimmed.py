from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tsm', '0005_index_what_sweeps_look_for'),
    ]

    operations = [
        migrations.AddField(
            model_name='leg',
            name='trimmed_at',
            field=models.DateTimeField(null=True),
        ),
    ]
