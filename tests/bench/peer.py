"""A small Django project around django-invitations, as its documentation has it set up.

`python tests/bench/peer.py FOLDER COUNT` makes the database that DATABASE_URL names, with so many
invitations, writes their keys to FOLDER/keys and serves at PORT by gunicorn with 8 threads.

In its favour: sessions and messages live in signed cookies instead of tables, a member is one row
without a user or password, nothing is audited or announced, and connections stay open.
"""

import os
import secrets
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import django
from django import forms
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.db import connection, models, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import include, path
from django.utils import timezone
from gunicorn.app.base import BaseApplication

THREADS = 8
PAGE = """<!doctype html><title>Join</title>
<form method="post">{% csrf_token %}{{ form.as_p }}<button>Join</button></form>"""


def database(url: str) -> dict[str, Any]:
    """The database of a URL, in Django's words."""
    if url.startswith("sqlite:///"):
        pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        options = {"init_command": pragmas, "transaction_mode": "IMMEDIATE", "timeout": 20}
        name = url.removeprefix("sqlite:///")
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": name, "OPTIONS": options}
    parts = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.strip("/"),
        "USER": parts.username or "",
        "PASSWORD": parts.password or "",
        "HOST": parts.hostname or unquote(parts.query.removeprefix("host=")),
        "PORT": parts.port or "",
    }


settings.configure(
    SECRET_KEY=secrets.token_hex(),
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    DATABASES={"default": {**database(os.environ["DATABASE_URL"]), "CONN_MAX_AGE": None}},
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.messages",
        "django.contrib.sessions",
        "django.contrib.sites",
        "invitations",
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": False,
            "OPTIONS": {
                "loaders": [
                    (
                        "django.template.loaders.cached.Loader",
                        [
                            ("django.template.loaders.locmem.Loader", {"sign_up.html": PAGE}),
                            "django.template.loaders.app_directories.Loader",
                        ],
                    )
                ]
            },
        }
    ],
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    MESSAGE_STORAGE="django.contrib.messages.storage.cookie.CookieStorage",
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    SITE_ID=1,
    USE_TZ=True,
    INVITATIONS_SIGNUP_REDIRECT="sign-up",
    LOGIN_REDIRECT_URL="/",
    LOGIN_URL="/",
)
django.setup()

from invitations.utils import get_invitation_model  # noqa: E402 - Django must be set up


class Member(models.Model):
    """A resident who has signed up."""

    name = models.CharField(max_length=120)
    address = models.CharField(max_length=160)
    contact = models.CharField(max_length=320)
    joined_at = models.DateTimeField()

    class Meta:
        app_label = "peer"


class SignUp(forms.Form):
    """Who, where, and how to reach them."""

    name = forms.CharField(max_length=120)
    address = forms.CharField(max_length=160)
    contact = forms.EmailField()


def sign_up(request: HttpRequest) -> HttpResponse:
    """The form behind an accepted invitation."""
    if not request.session.get("account_verified_email"):
        return HttpResponse("By invitation only.", status=403)
    form = SignUp(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            Member.objects.create(**form.cleaned_data, joined_at=timezone.now())
        return redirect("/")
    return render(request, "sign_up.html", {"form": form})


def home(_request: HttpRequest) -> HttpResponse:
    """Where one lands."""
    return HttpResponse("Welcome.")


urlpatterns = [
    path("", home),
    path("sign-up/", sign_up, name="sign-up"),
    path("invitations/", include("invitations.urls", namespace="invitations")),
]


def stock(count: int) -> list[str]:
    """Make the tables and so many invitations, sent today. Gives their keys."""
    call_command("migrate", verbosity=0)
    with connection.schema_editor() as schema:
        schema.create_model(Member)
    invitation, now = get_invitation_model(), timezone.now()
    keys = [secrets.token_hex(32) for _ in range(count)]
    rows = [
        invitation(email=f"resident.{number}@example.org", key=key, sent=now)
        for number, key in enumerate(keys)
    ]
    invitation.objects.bulk_create(rows, batch_size=500)
    connection.close()
    return keys


class Gunicorn(BaseApplication):
    """One worker with threads."""

    def load_config(self) -> None:
        """What would stand on the command line."""
        self.cfg.set("bind", f"127.0.0.1:{os.environ['PORT']}")
        self.cfg.set("workers", 1)
        self.cfg.set("worker_class", "gthread")
        self.cfg.set("threads", THREADS)
        self.cfg.set("keepalive", 600)  # seconds
        self.cfg.set("accesslog", None)

    def load(self) -> Any:
        """The app that is served."""
        return get_wsgi_application()


if __name__ == "__main__":
    folder, wanted = Path(sys.argv[1]), int(sys.argv[2])
    sys.argv = sys.argv[:1]
    (folder / "keys").write_text("\n".join(stock(wanted)))
    Gunicorn().run()
