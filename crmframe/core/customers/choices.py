"""The values of the choice fields of customers; plugins add more with ``ChoiceExtension``."""

from __future__ import annotations

from crmframe.core.contributions import Choice

CUSTOMER_KINDS = (Choice("company", "Company", "blue"), Choice("person", "Person", "violet"))

SIZES = (
    Choice("1-10", "1 to 10"),
    Choice("11-50", "11 to 50"),
    Choice("51-200", "51 to 200"),
    Choice("201-1000", "201 to 1,000"),
    Choice("1001-5000", "1,001 to 5,000"),
    Choice("5001+", "More than 5,000"),
)

SOURCES = (
    Choice("website", "Website"),
    Choice("referral", "Referral"),
    Choice("exhibition", "Exhibition"),
    Choice("advertisement", "Advertisement"),
    Choice("phone", "Phone"),
    Choice("social", "Social media"),
    Choice("partner", "Partner"),
    Choice("search", "Search engine"),
    Choice("visit", "Visit"),
    Choice("other", "Other"),
)

LIFECYCLE_STAGES = (
    Choice("prospect", "Prospect", "grey"),
    Choice("qualified", "Qualified", "amber"),
    Choice("customer", "Customer", "green"),
    Choice("dormant", "Dormant", "orange"),
    Choice("former", "Former customer", "red"),
)

GRADES = (
    Choice("a", "A", "green"),
    Choice("b", "B", "blue"),
    Choice("c", "C", "amber"),
    Choice("d", "D", "grey"),
)

GENDERS = (Choice("female", "Female"), Choice("male", "Male"), Choice("diverse", "Diverse"))

LANGUAGES = (
    Choice("en", "English"),
    Choice("zh_Hans", "Chinese"),
    Choice("de", "German"),
    Choice("fr", "French"),
    Choice("es", "Spanish"),
    Choice("ja", "Japanese"),
    Choice("other", "Other"),
)

CHANNELS = (
    Choice("phone", "Phone"),
    Choice("email", "E-mail"),
    Choice("wechat", "WeChat"),
    Choice("message", "Text message"),
    Choice("post", "Post"),
)

CONTACT_POINT_KINDS = (
    Choice("phone", "Phone"),
    Choice("mobile", "Mobile"),
    Choice("fax", "Fax"),
    Choice("email", "E-mail"),
    Choice("wechat", "WeChat"),
    Choice("qq", "QQ"),
    Choice("whatsapp", "WhatsApp"),
    Choice("website", "Website"),
    Choice("other", "Other"),
)

ADDRESS_KINDS = (
    Choice("office", "Office"),
    Choice("billing", "Billing"),
    Choice("shipping", "Shipping"),
    Choice("home", "Home"),
    Choice("other", "Other"),
)

TONES = tuple(
    Choice(value, value.capitalize(), value)
    for value in ("grey", "red", "orange", "amber", "green", "teal", "blue", "violet", "pink")
)

CONTACT_ROLES = (
    Choice("decision_maker", "Decision maker", "violet"),
    Choice("buyer", "Buyer"),
    Choice("user", "User"),
    Choice("technical", "Technical"),
    Choice("finance", "Finance"),
    Choice("influencer", "Influencer"),
    Choice("other", "Other"),
)
