"""How every form of the pages is drawn: `{{ form }}` and `{{ field.as_field_group }}` give the pieces of the look."""

from django.forms.renderers import TemplatesSetting


class BeltForms(TemplatesSetting):
    """Named in the setting FORM_RENDERER; the admin draws its own forms and is not touched."""

    form_template_name = "pieces/form.html"
    field_template_name = "pieces/field.html"
