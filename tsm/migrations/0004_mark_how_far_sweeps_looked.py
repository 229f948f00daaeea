import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ca', '0007_grow_a_tree_over_the_journal'),
        ('tsm', '0003_index_enrolments_under_way'),
    ]

    operations = [
        migrations.CreateModel(
            name='SweepMark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sequence', models.BigIntegerField(null=True)),
                ('silence_at', models.DateTimeField(null=True)),
                ('realm', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='sweep_mark', to='ca.realm')),
            ],
        ),
    ]
