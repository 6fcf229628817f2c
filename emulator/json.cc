#include "emulator/json.h"

#include "base/ascii.h"

#include <boost/json/parse.hpp>

#include <cmath>

namespace kssedr::emulator {

Result<json::value> parse_json(std::string_view text) {
    boost::system::error_code error;
    auto value = json::parse({text.data(), text.size()}, error);
    if (error) return fail(Errc::corrupt, "this is no JSON: " + error.message());
    return value;
}

std::optional<std::int64_t> to_integer(json::value const& value) {
    if (value.is_int64()) return value.get_int64();
    if (value.is_double()) {
        double const number = value.get_double();
        if (std::isfinite(number) && std::abs(number) < 9e15 && number == std::floor(number))
            return static_cast<std::int64_t>(number);
    }
    return std::nullopt;
}

Fields::Fields(json::value const& value, std::string what) : object_(value.if_object()), what_(std::move(what)) {
    if (object_ == nullptr) fault_ = what_ + " must be a JSON object";
}

json::value const* Fields::find(std::string_view name) {
    asked_.emplace(name);
    if (object_ == nullptr) return nullptr;
    auto const* found = object_->if_contains({name.data(), name.size()});
    return found != nullptr && !found->is_null() ? found : nullptr;
}

void Fields::wrong(std::string_view name, std::string_view expected) {
    if (!fault_) fault_ = "'" + std::string(name) + "' of " + what_ + " must be " + std::string(expected);
}

bool Fields::has(std::string_view name) const {
    return object_ != nullptr && object_->contains({name.data(), name.size()});
}

std::string Fields::text(std::string_view name) {
    auto const* value = find(name);
    if (value != nullptr && value->is_string() && !value->get_string().empty()) return std::string(value->get_string());
    wrong(name, "a text, and is required");
    return {};
}

std::string Fields::text(std::string_view name, std::string_view otherwise) {
    auto const* value = find(name);
    if (value == nullptr) return std::string(otherwise);
    if (value->is_string()) return std::string(value->get_string());
    wrong(name, "a text");
    return std::string(otherwise);
}

std::optional<std::int64_t> Fields::optional_number(std::string_view name) {
    auto const* value = find(name);
    if (value == nullptr) return std::nullopt;
    auto const number = to_integer(*value);
    if (!number) wrong(name, "a whole number");
    return number;
}

std::int64_t Fields::number(std::string_view name, std::int64_t otherwise) {
    return optional_number(name).value_or(otherwise);
}

double Fields::fraction(std::string_view name, double otherwise) {
    auto const* value = find(name);
    if (value == nullptr) return otherwise;
    if (value->is_double() && std::isfinite(value->get_double())) return value->get_double();
    if (value->is_int64()) return static_cast<double>(value->get_int64());
    wrong(name, "a number");
    return otherwise;
}

bool Fields::flag(std::string_view name, bool otherwise) {
    auto const* value = find(name);
    if (value == nullptr) return otherwise;
    if (value->is_bool()) return value->get_bool();
    wrong(name, "true or false");
    return otherwise;
}

Duration Fields::duration(std::string_view name, Duration otherwise) {
    auto const* value = find(name);
    if (value == nullptr) return otherwise;
    if (value->is_string()) {
        if (auto const span = parse_iso_duration(std::string_view(value->get_string()))) return *span;
    }
    wrong(name, "an ISO 8601 duration such as P30D or PT30S");
    return otherwise;
}

std::optional<TimePoint> Fields::time(std::string_view name) {
    auto const* value = find(name);
    if (value == nullptr) return std::nullopt;
    if (value->is_string()) {
        if (auto const at = parse_rfc3339(std::string_view(value->get_string()))) return at;
    }
    wrong(name, "a time such as 2026-01-15T09:30:00Z");
    return std::nullopt;
}

std::vector<std::string> Fields::texts(std::string_view name) {
    std::vector<std::string> list;
    auto const* value = find(name);
    if (value == nullptr) return list;
    if (!value->is_array()) {
        wrong(name, "a list of texts");
        return list;
    }
    for (auto const& one : value->get_array()) {
        if (one.is_string()) {
            list.emplace_back(one.get_string());
        } else {
            wrong(name, "a list of texts");
        }
    }
    return list;
}

std::map<std::string, std::string> Fields::text_map(std::string_view name) {
    std::map<std::string, std::string> map;
    auto const* value = find(name);
    if (value == nullptr) return map;
    if (!value->is_object()) {
        wrong(name, "an object of texts");
        return map;
    }
    for (auto const& [key, one] : value->get_object()) {
        if (one.is_string()) {
            map.emplace(std::string(key), std::string(one.get_string()));
        } else {
            wrong(name, "an object of texts");
        }
    }
    return map;
}

json::value const* Fields::raw(std::string_view name) {
    return find(name);
}

Result<void> Fields::finish() {
    if (fault_) return fail(Errc::invalid_argument, *fault_);
    for (auto const& [key, value] : *object_) {
        if (asked_.contains(std::string_view(key))) continue;
        std::string nearest;
        std::size_t least = 4;
        for (auto const& name : asked_) {
            auto const distance = edit_distance(std::string_view(key), name);
            if (distance < least) nearest = name;
            least = std::min(least, distance);
        }
        auto message = what_ + " has no '" + escape_for_display(std::string_view(key)) + "'";
        if (!nearest.empty()) message += "; did you mean '" + nearest + "'?";
        return fail(Errc::invalid_argument, std::move(message));
    }
    return {};
}

}  // namespace kssedr::emulator
