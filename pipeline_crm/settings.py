"""Every setting of the project, read from the environment; what is missing or wrong stops the start with a sentence."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP
from django.utils.translation import gettext_lazy as _

from pipeline_crm import environment, unfold_look
from pipeline_crm.launch import places

BASE_DIR = places.ROOT
VAR_DIR = places.VAR

DEBUG = environment.flag("DEBUG")
# The demo looks like the real thing (no debug pages), but speaks plain HTTP on one's own machine.
DEMO = environment.flag("DEMO")
AT_HOME = DEBUG or DEMO

# Only a machine where DEBUG is on may go without these two; the words in the key say why it is worth nothing.
SECRET_KEY = environment.required("SECRET_KEY", otherwise="insecure, for a developer's own machine" if DEBUG else None)
DATABASE_URL = environment.required("DATABASE_URL", otherwise=places.demo_database_url() if DEBUG else None)
# What seals second factors in the database; whoever loses them loses what is sealed.
DATA_KEYS = environment.keys("DATA_KEYS", otherwise=SECRET_KEY if AT_HOME else None)
REDIS_URL = environment.optional("REDIS_URL")

ALLOWED_HOSTS = environment.words("ALLOWED_HOSTS") or (["localhost", "127.0.0.1", "[::1]"] if AT_HOME else [])
CSRF_TRUSTED_ORIGINS = environment.words("CSRF_TRUSTED_ORIGINS")
if not ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS is not set: name the hosts this site answers to, with commas between.")

ROOT_URLCONF = "pipeline_crm.urls"
WSGI_APPLICATION = "pipeline_crm.wsgi.application"
ASGI_APPLICATION = "pipeline_crm.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SITE_NAME = "Pipeline"

INSTALLED_APPS = [
    # Unfold dresses the admin, so it stands before it.
    "unfold",
    "unfold.contrib.forms",
    "unfold.contrib.filters",
    "unfold.contrib.guardian",
    "unfold.contrib.simple_history",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    # allauth's pages tell dates by it.
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_fsm",
    "django_htmx",
    "guardian",
    "pgtrigger",
    "simple_history",
    # Our own rooms, from the ground up.
    "pipeline_crm.users",
    "pipeline_crm.tiers",
    "pipeline_crm.audit",
    "pipeline_crm.access",
    "pipeline_crm.timeline",
    "pipeline_crm.clients",
    "pipeline_crm.outbox",
    "pipeline_crm.conveyor",
    "leads",
    "deals",
    "accounts",
    "pipeline_crm.workbench",
    "pipeline_crm.reports",
    "pipeline_crm.oversight",
    "pipeline_crm.exchange",
    "pipeline_crm.erasure",
    "pipeline_crm.demo",
]

MIDDLEWARE = [
    # Outermost: whatever answers, a file or a refusal, its line and its headers are the same.
    "pipeline_crm.loglines.LogMiddleware",
    "pipeline_crm.access.headers.SafeHeadersMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    # Inside Django's own, which asks the answer on its way out whether it carries a policy of its own.
    "pipeline_crm.access.headers.AdminPolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "pipeline_crm.users.sessions.StayMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "pipeline_crm.users.middleware.LanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "pipeline_crm.access.middleware.SightMiddleware",
    "pipeline_crm.access.middleware.SecondFactorMiddleware",
    "pipeline_crm.access.viewing.ViewingMiddleware",
    # Around the views, outside of their transactions.
    "pipeline_crm.access.denials.DenialMiddleware",
    # Last: nearest to the views whose refusals it turns into sentences.
    "pipeline_crm.conveyor.middleware.RefusalMiddleware",
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "pipeline_crm.workbench.context.frame",
            ],
        },
    },
]
FORM_RENDERER = "pipeline_crm.conveyor.form_look.BeltForms"

# Database --------------------------------------------------------------------------------------------------------

# Behind a pooler that lends connections by the transaction, nothing may be left on one for the next: no cursor, no plan.
DATABASE_POOLER = environment.flag("DATABASE_POOLER")
DATABASES = {
    "default": environment.database(DATABASE_URL)
    | {
        "CONN_MAX_AGE": environment.number("DATABASE_CONNECTION_SECONDS", otherwise=0 if DATABASE_POOLER else 60),
        "DISABLE_SERVER_SIDE_CURSORS": DATABASE_POOLER,
        "CONN_HEALTH_CHECKS": True,
        # An action opens its own transaction: a page that only reads needs none.
        "ATOMIC_REQUESTS": False,
    },
}

# People ----------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "users.User"
AUTHENTICATION_BACKENDS = [
    "pipeline_crm.users.backends.SignInBackend",
    "guardian.backends.ObjectPermissionBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
ANONYMOUS_USER_NAME = None
GUARDIAN_MONKEY_PATCH_USER = False

LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
ACCOUNT_ADAPTER = "pipeline_crm.users.adapter.HouseAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_UNIQUE_EMAIL = True
# One address a person; a new one counts when its own mail has been answered.
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "pipeline_crm.users.tokens.ResetTokens"  # noqa: S105
PASSWORD_RESET_TIMEOUT = 2 * 3600
INVITATION_HOURS = 24 * 3
# A whole office signs in at nine from one address; a wrong password counts
# for its name above all, or one colleague could shut the door for all.
ACCOUNT_RATE_LIMITS = {"login": "300/m/ip", "login_failed": "100/m/ip,5/300s/key"}

# At home one looks around with passwords that everybody knows; elsewhere who steers or administers proves it twice.
SECOND_FACTOR_REQUIRED = not AT_HOME
MFA_ADAPTER = "pipeline_crm.access.factors.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_FORMS = {
    "add_webauthn": "pipeline_crm.access.forms.AddKeyForm",
    "edit_webauthn": "pipeline_crm.access.forms.EditKeyForm",
}
MFA_TOTP_ISSUER = SITE_NAME
MFA_TOTP_TOLERANCE = 1
# Addresses come from an administrator: nobody can sign up with one that is not theirs.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = AT_HOME

# What is counted at the door, wrong passwords above all, is counted for all processes, and outlives Redis.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "users_counted",
        "OPTIONS": {"MAX_ENTRIES": 50_000, "CULL_FREQUENCY": 10},
    },
}

# Languages and time ----------------------------------------------------------------------------------------------

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("ru", _("Russian"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"

# Files -----------------------------------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "static"]
# At home the files are served from where they lie; elsewhere `collectstatic` gives each a name that changes with it.
WHITENOISE_USE_FINDERS = AT_HOME
WHITENOISE_AUTOREFRESH = DEBUG
# No other site need show our files.
WHITENOISE_ALLOW_ALL_ORIGINS = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if AT_HOME
        else "whitenoise.storage.CompressedManifestStaticFilesStorage",
    },
}
MEDIA_ROOT = VAR_DIR / "media"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
# No page takes a file: what is imported comes by a command.
FILE_UPLOAD_HANDLERS = ["pipeline_crm.access.uploads.NoFiles"]

# Mail ------------------------------------------------------------------------------------------------------------

# At home every mail is a file in a folder, to be looked at.
MAIL_URL = environment.required("MAIL_URL", otherwise=places.mail_url() if AT_HOME else None)
MAILERS = {"default": environment.mailer(MAIL_URL)}
DEFAULT_FROM_EMAIL = environment.required("MAIL_FROM", otherwise="Pipeline <pipeline@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# Where the links in a mail lead to.
SITE_URL = environment.site(
    environment.optional("SITE_URL") or (CSRF_TRUSTED_ORIGINS or [""])[0],
    otherwise=f"http://localhost:{environment.number('PORT', otherwise=8000)}"
    if AT_HOME
    else f"https://{ALLOWED_HOSTS[0]}",
)

# Telephone -------------------------------------------------------------------------------------------------------

# Where the firm's telephone system is asked for a call, if it is connected.
TELEPHONY_URL = environment.telephony(environment.optional("TELEPHONY_URL"))

# Safety ----------------------------------------------------------------------------------------------------------

SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
# A message may name a client, so it stays on the server and never travels in a cookie.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
# Without a click for so long, and at all for so long.
SESSION_COOKIE_AGE = environment.number("SESSION_IDLE_HOURS", otherwise=12) * 3600
SESSION_DAYS = environment.number("SESSION_DAYS", otherwise=7)

# Pages bear the token in themselves, so no script need read it.
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"

BEHIND_TLS = not AT_HOME
# With this prefix a browser takes the cookie from this host alone, over TLS: no neighbouring name can plant one.
SESSION_COOKIE_NAME = "__Host-sessionid" if BEHIND_TLS else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken" if BEHIND_TLS else "csrftoken"
SESSION_COOKIE_SECURE = BEHIND_TLS
CSRF_COOKIE_SECURE = BEHIND_TLS
LANGUAGE_COOKIE_SECURE = BEHIND_TLS
SECURE_SSL_REDIRECT = BEHIND_TLS
# Health checks come from inside, past the proxy that speaks TLS.
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if BEHIND_TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = BEHIND_TLS
SECURE_HSTS_PRELOAD = BEHIND_TLS
if environment.flag("TRUST_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    # Without it all the world would seem to come from the proxy, and share one allowance of wrong passwords.
    ALLAUTH_TRUSTED_PROXY_COUNT = 1

# Where the journal's anchors are told outside of the database; a folder that the database's server cannot write to.
# Which clients were erased, by number: what a restored backup brings back is erased again by it.
ERASED_FILE = environment.optional("ERASED_FILE") or str((places.DEMO if AT_HOME else VAR_DIR) / "erased.txt")
AUDIT_FILE = environment.optional("AUDIT_FILE") or str((places.DEMO if AT_HOME else VAR_DIR / "audit") / "anchors.txt")

# Celery: only wakes somebody up, the truth is in the database ------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL or "filesystem://localhost/"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
if REDIS_URL:
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {"visibility_timeout": 600}
else:
    CELERY_BROKER_TRANSPORT_OPTIONS = places.file_broker()
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
# Both end well before the broker would hand the same message to somebody else.
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_TASK_TIME_LIMIT = 300
CELERY_TIMEZONE = "UTC"
CELERY_ENABLE_UTC = True
SWEEP_SECONDS = float(environment.number("SWEEP_SECONDS", otherwise=15 if AT_HOME else 60))
DIGEST_SECONDS = float(environment.number("DIGEST_SECONDS", otherwise=15 if AT_HOME else 60))
# Plain intervals: schedules by the wall clock go wrong when the clocks change.
CELERY_BEAT_SCHEDULE = {
    # No `expires`: a worker whose clock is ahead would throw every ring away, and one ring too many costs a short look.
    "sweep": {"task": "pipeline_crm.conveyor.tasks.sweep", "schedule": SWEEP_SECONDS},
    "digests": {"task": "pipeline_crm.outbox.tasks.digests", "schedule": DIGEST_SECONDS},
    "exports": {"task": "pipeline_crm.exchange.tasks.exports", "schedule": 60.0},
    "erasures": {"task": "pipeline_crm.erasure.tasks.erasures", "schedule": 60.0},
    "clear": {"task": "pipeline_crm.outbox.tasks.clear", "schedule": 86_400.0},
    "sessions": {"task": "pipeline_crm.users.tasks.clear_sessions", "schedule": 86_400.0},
    "anchor": {"task": "pipeline_crm.oversight.tasks.anchor", "schedule": 300.0},
    "watch": {"task": "pipeline_crm.oversight.tasks.watch", "schedule": 600.0},
}
# The schedule's file is written after every ring, so that its age tells whether beat is alive.
CELERY_BEAT_SYNC_EVERY = 1
CELERY_BEAT_SCHEDULE_FILENAME = str(places.beat_schedule())

# Words to the log ------------------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"},
        "lines": {"()": "pipeline_crm.loglines.Lines"},
    },
    "handlers": {
        # At home one reads along and sees the words of an error; elsewhere a machine does, and they are left out.
        "console": {
            "class": "logging.StreamHandler",
            "stream": "ext://sys.stdout",
            "formatter": "plain" if AT_HOME else "lines",
        }
    },
    "root": {"handlers": ["console"], "level": environment.required("LOG_LEVEL", otherwise="WARNING").upper()},
    "loggers": {
        # Django's own handlers would say everything a second time.
        "django": {"handlers": [], "propagate": True},
        "django.server": {"handlers": [], "propagate": True},
        # These lines are evidence, and stay in the log whatever else is kept quiet.
        "pipeline_crm.audit.anchors": {"level": "INFO"},
        # Of a request that breaks outside of Django, gunicorn would write the address with all that was asked.
        "gunicorn.error": {"handlers": [], "propagate": True},
    },
}

UNFOLD = unfold_look.look(SITE_NAME)
