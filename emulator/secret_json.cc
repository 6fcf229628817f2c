#include "emulator/secret_json.h"

namespace kssedr::emulator {
namespace {

std::int64_t to_seconds(TimePoint at) {
    return std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
}

json::object to_attributes(SecretVersion const& version, int recoverable_days) {
    json::object attributes{{"enabled", version.enabled}};
    if (version.nbf) attributes["nbf"] = *version.nbf;
    if (version.exp) attributes["exp"] = *version.exp;
    attributes["created"] = to_seconds(version.created);
    attributes["updated"] = to_seconds(version.updated);
    attributes["recoveryLevel"] = recoverable_days < 90 ? "CustomizedRecoverable+Purgeable" : "Recoverable+Purgeable";
    attributes["recoverableDays"] = recoverable_days;
    return attributes;
}

std::string format_id(VaultUrl const& vault, Secret const& secret, SecretVersion const* version) {
    auto id = vault.text + "/secrets/" + secret.name;
    if (version != nullptr) id += "/" + version->version;
    return id;
}

void describe(json::object& out, SecretVersion const& version, int recoverable_days) {
    if (version.content_type) out["contentType"] = *version.content_type;
    if (version.managed) out["managed"] = true;
    out["attributes"] = to_attributes(version, recoverable_days);
    if (!version.tags) return;
    json::object tags;
    for (auto const& [name, value] : *version.tags) tags[name] = value;
    out["tags"] = std::move(tags);
}

std::unexpected<Refusal> bad_parameter(std::string message) {
    return std::unexpected(
        Refusal{.status = 400, .code = "BadParameter", .inner_code = {}, .message = std::move(message)});
}

Answered<void> read_attributes(json::value const& value, SecretChange& change) {
    if (value.is_null()) return {};
    if (!value.is_object()) return bad_parameter("Property attributes has invalid value");
    for (auto const& [name, one] : value.get_object()) {
        if (one.is_null()) continue;
        if (name == "enabled") {
            if (!one.is_bool()) return bad_parameter("Property enabled has invalid value");
            change.enabled = one.get_bool();
        } else if (name == "nbf" || name == "exp") {
            auto const number = to_integer(one);
            if (!number || *number < 0 || *number > 253'402'300'799)
                return bad_parameter("Property " + std::string(name) + " has invalid value");
            (name == "nbf" ? change.nbf : change.exp) = number;
        }
    }
    return {};
}

Answered<void> read_tags(json::value const& value, SecretChange& change) {
    if (value.is_null()) return {};
    if (!value.is_object()) return bad_parameter("Property tags has invalid value");
    change.tags.emplace();
    for (auto const& [name, one] : value.get_object()) {
        if (!one.is_string()) return bad_parameter("Property tags has invalid value");
        change.tags->emplace(std::string(name), std::string(one.get_string()));
    }
    return {};
}

}  // namespace

json::object to_bundle(Secret const& secret, SecretVersion const& version, VaultUrl const& vault, int recoverable_days,
                       WithValue with_value) {
    json::object out;
    if (with_value == WithValue::yes) out["value"] = version.value;
    out["id"] = format_id(vault, secret, &version);
    describe(out, version, recoverable_days);
    return out;
}

json::object to_item(Secret const& secret, SecretVersion const& version, VaultUrl const& vault, int recoverable_days,
                     bool version_in_id) {
    json::object out;
    out["id"] = format_id(vault, secret, version_in_id ? &version : nullptr);
    describe(out, version, recoverable_days);
    return out;
}

json::object to_deleted(Secret const& secret, VaultUrl const& vault, int recoverable_days, bool version_in_id) {
    json::object out;
    out["recoveryId"] = vault.text + "/deletedsecrets/" + secret.name;
    out["deletedDate"] = to_seconds(secret.deleted);
    out["scheduledPurgeDate"] = to_seconds(secret.purge_at);
    out["id"] = format_id(vault, secret, version_in_id ? &secret.current() : nullptr);
    describe(out, secret.current(), recoverable_days);
    return out;
}

Answered<SecretChange> parse_secret_change(std::string_view body) {
    auto const parsed = parse_json(body);
    if (!parsed || !parsed->is_object()) return bad_parameter("The request body could not be read as a JSON object.");
    SecretChange change;
    for (auto const& [name, value] : parsed->get_object()) {
        if (name == "value") {
            if (!value.is_string()) return bad_parameter("Property value has invalid value");
            change.value = std::string(value.get_string());
        } else if (name == "contentType" && !value.is_null()) {
            if (!value.is_string()) return bad_parameter("Property contentType has invalid value");
            change.content_type = std::string(value.get_string());
        } else if (name == "attributes") {
            if (auto const read = read_attributes(value, change); !read) return std::unexpected(read.error());
        } else if (name == "tags") {
            if (auto const read = read_tags(value, change); !read) return std::unexpected(read.error());
        }
    }
    return change;
}

}  // namespace kssedr::emulator
