from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ca', '0010_index_what_is_pending_and_fell_lately'),
    ]

    operations = [
        migrations.AddField(
            model_name='cardrevocation',
            name='phones_fell_at',
            field=models.DateTimeField(null=True),
        ),
    ]
