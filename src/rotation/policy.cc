#include "rotation/policy.h"

#include "base/ascii.h"
#include "base/check.h"
#include "rotation/pending.h"
#include "rotation/schedule.h"

#include <algorithm>
#include <charconv>

namespace kssedr::rotation {
namespace {

// One place where a secret says what it wants rotated.
struct Asking {
    OwnerId owner;
    std::string source;
    bool is_original_dialect;
};

Failure refuse(std::string message) {
    return fail(Errc::invalid_argument, std::move(message));
}

// Microsoft's functions write an application's object id as it stands.
Result<OwnerId> parse_owner(std::string_view text) {
    if (auto application = OwnerId::find_application(trim(text))) return *std::move(application);
    return OwnerId::parse(text);
}

// The original knows Azure's resources only.
std::optional<OwnerId> find_resource(std::string_view text) {
    auto id = ArmId::parse(trim(text));
    if (!id || !id->is_resource()) return std::nullopt;
    return *std::move(id);
}

Result<std::vector<Asking>> askings_of(SecretProperties const& properties) {
    std::vector<Asking> askings;
    for (auto const* address : find_tags(properties.tags, "ProviderAddress")) {
        auto owner = parse_owner(*address);
        if (!owner) return fail(std::move(owner).error().during("the tag ProviderAddress"));
        askings.push_back({*std::move(owner), "tag ProviderAddress", false});
    }
    // A content type is a MIME type as a rule: one that is no resource id says nothing.
    if (auto owner = find_resource(properties.content_type))
        askings.push_back({*std::move(owner), "content type", true});
    for (auto const* origin : find_tags(properties.tags, "orgin")) {
        if (OwnerId::has_other_scheme(trim(*origin)))
            return refuse("the tag orgin names resources of Azure only; write \"" + escape_for_display(*origin) +
                          "\" into a tag ProviderAddress");
        auto owner = OwnerId::parse(*origin);
        if (!owner) return fail(std::move(owner).error().during("the tag orgin"));
        askings.push_back({*std::move(owner), "tag orgin", true});
    }
    return askings;
}

Result<std::optional<Duration>> validity_tag(Tags const& tags) {
    std::optional<Duration> validity;
    for (auto const* tag : find_tags(tags, "ValidityPeriodDays")) {
        auto const text = trim(*tag);
        int days = 0;
        auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), days);
        if (error != std::errc{} || end != text.data() + text.size() || days < 1 || days > 3650)
            return refuse("the tag ValidityPeriodDays \"" + escape_for_display(*tag) +
                          "\" is no number of days from 1 to 3650; correct or remove it");
        if (validity && *validity != std::chrono::days{days})
            return refuse("two tags ValidityPeriodDays, spelled differently, name different validities; remove one");
        validity = std::chrono::days{days};
    }
    return validity;
}

// The most special rule that says something wins: one for the secret before one for the vault before one for all.
template <class T>
std::optional<Sourced<T>> from_rules(std::vector<SecretRule> const& rules, SecretRef const& secret,
                                     std::optional<T> SecretRule::* member) {
    std::optional<Sourced<T>> found;
    int found_rank = -1;
    for (auto const& rule : rules) {
        if (rule.vault && rule.vault != secret.vault) continue;
        if (!rule.secret.empty() && !equals_ignore_case(rule.secret, secret.name)) continue;
        int const rank = (rule.secret.empty() ? 0 : 2) + (rule.vault ? 1 : 0);
        if (!(rule.*member) || rank <= found_rank) continue;
        found = Sourced<T>{*(rule.*member), rule.where};
        found_rank = rank;
    }
    return found;
}

// What says that nothing may be done, and until when. Of several, what holds without an end or longest counts.
void read_freeze(std::string_view text, std::string const& who, TimePoint now, Terms& terms) {
    if (equals_ignore_case(text, "false")) return;
    if (auto const until = parse_rfc3339(text)) {
        if (*until <= now || (terms.freeze && (!terms.freeze_until || *terms.freeze_until >= *until))) return;
        terms.freeze = who + " holds it until " + format_rfc3339(*until);
        terms.freeze_until = *until;
        return;
    }
    // A tag may block: what can not be read as a time blocks too.
    terms.freeze = who + " is \"" + escape_for_display(text) + "\"; remove it to go on";
    terms.freeze_until.reset();
}

std::string slot_tag(Tags const& tags) {
    // Two that differ name none.
    std::string named;
    for (auto const* id : find_tags(tags, "CredentialId")) {
        auto const text = trim(*id);
        if (!named.empty() && !equals_ignore_case(named, text)) return {};
        named = text;
    }
    return named;
}

}  // namespace

std::string_view to_string(Mode mode) {
    switch (mode) {
    case Mode::rotate: return "rotate";
    case Mode::observe: return "observe";
    case Mode::paused: return "paused";
    }
    KSSEDR_CHECK(false, "a mode outside its enumeration");
}

std::string_view to_string(Verify verify) {
    switch (verify) {
    case Verify::required: return "required";
    case Verify::best_effort: return "best-effort";
    case Verify::off: return "off";
    }
    KSSEDR_CHECK(false, "a verification outside its enumeration");
}

std::string const* find_tag(Tags const& tags, std::string_view name) {
    auto const found = find_tags(tags, name);
    return found.empty() ? nullptr : found.front();
}

std::vector<std::string const*> find_tags(Tags const& tags, std::string_view name) {
    std::vector<std::string const*> found;
    for (auto const& [tag, value] : tags)
        if (equals_ignore_case(trim(tag), name)) found.push_back(&value);
    return found;
}

std::vector<OwnerId> owners_asked_for(SecretRef const& secret, SecretProperties const& properties,
                                      Policy const& policy) {
    if (is_companion(properties)) return {};
    if (auto rule = from_rules(policy.rules, secret, &SecretRule::target)) return {std::move(rule->value)};
    std::vector<OwnerId> owners;
    if (auto owner = find_resource(properties.content_type)) owners.push_back(*std::move(owner));
    for (auto const* tag : find_tags(properties.tags, "orgin"))
        if (auto owner = find_resource(*tag)) owners.push_back(*std::move(owner));
    for (auto const* tag : find_tags(properties.tags, "ProviderAddress"))
        if (auto owner = parse_owner(*tag)) owners.push_back(*std::move(owner));
    return owners;
}

TimePoint due_of(SecretProperties const& properties, Terms const& terms) {
    return due_at(properties.created, properties.expires, terms.validity.value, terms.lead.value);
}

TimePoint end_of(SecretProperties const& properties, Terms const& terms) {
    return properties.expires.value_or(properties.created + terms.validity.value);
}

Result<Terms> terms_of(SecretRef const& secret, SecretProperties const& properties, Policy const& policy,
                       TimePoint now) {
    Terms terms;
    auto const askings = askings_of(properties);
    if (is_companion(properties)) {
        // Nobody's but its secret's.
    } else if (auto rule = from_rules(policy.rules, secret, &SecretRule::target)) {
        // Final: what the secret's own tags say besides, or say wrongly, is not asked.
        terms.owner = std::move(rule);
    } else if (!askings) {
        return fail(askings.error());
    } else if (!askings->empty()) {
        auto const& first = askings->front();
        for (auto const& other : *askings)
            if (!(other.owner == first.owner))
                return refuse("the " + first.source + " names " + first.owner.text() + ", the " + other.source +
                              " names " + other.owner.text() +
                              "; make them agree, or name the target in the configuration file");
        terms.owner = Sourced<OwnerId>{first.owner, first.source};
    }
    terms.is_original_dialect = askings && std::ranges::any_of(*askings, &Asking::is_original_dialect);
    terms.slot_tag = slot_tag(properties.tags);

    if (auto rule = from_rules(policy.rules, secret, &SecretRule::validity)) {
        terms.validity = *std::move(rule);
    } else {
        KSSEDR_TRY(auto const tagged, validity_tag(properties.tags));
        terms.validity = tagged ? Sourced<Duration>{*tagged, "tag ValidityPeriodDays"}
                                : Sourced<Duration>{policy.default_validity, "KSSEDR_DEFAULT_VALIDITY"};
    }
    terms.lead =
        from_rules(policy.rules, secret, &SecretRule::lead).value_or(Sourced<Duration>{policy.lead, "KSSEDR_LEAD"});
    terms.overlap = from_rules(policy.rules, secret, &SecretRule::min_overlap)
                        .value_or(Sourced<Duration>{policy.min_overlap, "KSSEDR_MIN_OVERLAP"});
    if (terms.overlap.value > terms.validity.value / 2)
        terms.overlap = {terms.validity.value / 2, "half the validity, less than " + terms.overlap.source};
    terms.revoke_after = from_rules(policy.rules, secret, &SecretRule::revoke_after);
    terms.windows = from_rules(policy.rules, secret, &SecretRule::windows)
                        .value_or(Sourced<std::vector<Window>>{{}, "no rule sets any: at any time"});
    if (auto const rule = from_rules(policy.rules, secret, &SecretRule::freeze))
        read_freeze(rule->value, "freeze of " + rule->source, now, terms);
    for (auto const* tag : find_tags(properties.tags, "kssedr-freeze"))
        read_freeze(trim(*tag), "the tag kssedr-freeze", now, terms);
    return terms;
}

}  // namespace kssedr::rotation
