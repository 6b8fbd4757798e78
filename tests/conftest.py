"""What all tests share: no deadlines, since machines are busy, and failing examples that can be replayed."""

from hypothesis import settings

settings.register_profile("procsearch", deadline=None, print_blob=True)
settings.load_profile("procsearch")
