// The table of services against what was drawn from Azure's published specifications: paths, versions, what goes on,
// the members of bodies and of answers. Skipped where that is not at hand.

#include "emulator/key_services.h"

#include "base/ascii.h"
#include "emulator/json.h"
#include "support/vectors.h"

#include <boost/json/array.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace kssedr::emulator {
namespace {

struct Spec {
    std::map<std::string, json::object> operations;  // by "POST /subscriptions/{}/…", in lower case

    json::object const* find(std::string_view method, std::string_view type, std::string_view tail) const {
        auto const parts = split(type, '/');
        std::string path = "/subscriptions/{}/resourcegroups/{}/providers/" + std::string(parts[0]);
        for (std::size_t i = 1; i < parts.size(); ++i) path += "/" + std::string(parts[i]) + "/{}";
        auto const found = operations.find(std::string(method) + " " + to_ascii_lower(path + "/" + std::string(tail)));
        return found == operations.end() ? nullptr : &found->second;
    }
};

// Names in braces go, since the specifications do not agree on them.
std::string without_names(std::string_view path) {
    std::string plain;
    bool in_name = false;
    for (char const c : path) {
        if (c == '}') in_name = false;
        if (!in_name) plain += c;
        if (c == '{') in_name = true;
    }
    return to_ascii_lower(plain);
}

std::optional<Spec> read_spec() {
    auto const text = test::read_shared("azure-data/spec/key-operations-from-spec.jsonl");
    if (!text) return std::nullopt;
    Spec spec;
    for (auto const line : split(*text, '\n')) {
        if (line.empty()) continue;
        auto const parsed = parse_json(line);
        EXPECT_TRUE(parsed && parsed->is_object()) << line;
        auto const& one = parsed->get_object();
        auto const method = std::string(one.at("method").as_string());
        spec.operations[method + " " + without_names(one.at("path").as_string())] = one;
    }
    return spec;
}

// The members of the one object there is: {"RegenerateKeyParameters": {"keyType*": …}}.
std::set<std::string> members_of(json::object const& operation, std::string_view what) {
    std::set<std::string> names;
    auto const* object = operation.if_contains(what);
    if (object == nullptr || !object->is_object() || object->get_object().empty()) return names;
    auto const& only = object->get_object().begin()->value();
    if (!only.is_object()) return names;
    for (auto const& member : only.get_object()) {
        auto name = std::string(member.key());
        if (name.ends_with('*')) name.pop_back();
        names.insert(name);
    }
    return names;
}

std::set<std::string> members_of(std::string_view template_text) {
    std::set<std::string> names;
    auto const parsed = parse_json(template_text);
    if (!parsed || !parsed->is_object()) return names;
    for (auto const& member : parsed->get_object()) names.insert(std::string(member.key()));
    return names;
}

void expect_known(std::set<std::string> const& ours, std::set<std::string> const& theirs, std::string_view what) {
    // Lists are drawn as what they are lists of.
    if (theirs.empty() || ours.contains("value")) return;
    for (auto const& name : ours) EXPECT_TRUE(theirs.contains(name)) << what << " has no " << name;
}

bool has_number(json::object const& operation, std::int64_t number) {
    return std::ranges::any_of(operation.at("codes").as_array(),
                               [&](json::value const& code) { return to_integer(code) == number; });
}

void expect_version(KeyService const& service, json::object const& operation) {
    auto const ours = std::string(split(service.versions, ' ').front());
    EXPECT_TRUE(std::ranges::any_of(operation.at("versions").as_array(), [&](json::value const& version) {
        return version.is_string() && version.get_string() == ours;
    })) << ours;
}

TEST(KeyServices, AreThoseOfTheSpecifications) {
    auto const spec = read_spec();
    if (!spec) GTEST_SKIP() << "no samples here (KSSEDR_SHARED names them)";
    int listings = 0;
    int regenerations = 0;
    for (auto const& service : key_services()) {
        SCOPED_TRACE(service.type);
        if (auto const* list = spec->find("POST", service.type, service.list)) {
            ++listings;
            expect_version(service, *list);
            if (service.policies.empty())
                expect_known(members_of(service.listing), members_of(*list, "responseObject"), "the listing");
        }
        auto const blank = std::min(service.regenerate.find(' '), service.regenerate.size());
        auto tail = std::string(service.regenerate.substr(std::min(blank + 1, service.regenerate.size())));
        if (tail == "{slot}") tail = split(service.slots, '|').front();
        auto const* regenerate = spec->find(service.regenerate.substr(0, blank), service.type, without_names(tail));
        if (regenerate == nullptr) continue;
        ++regenerations;
        expect_version(service, *regenerate);
        EXPECT_TRUE(has_number(*regenerate, service.status)) << service.status;
        EXPECT_EQ(has_number(*regenerate, 202), !service.goes_on.empty());
        expect_known(members_of(service.body), members_of(*regenerate, "requestObject"), "the body");
        auto const answer = service.answer == as_listed ? service.listing : service.answer;
        expect_known(members_of(answer), members_of(*regenerate, "responseObject"), "the answer");
        if (!service.chosen.empty())
            EXPECT_TRUE(members_of(*regenerate, "requestObject").contains(std::string(service.chosen)));
    }
    EXPECT_GE(listings, 33);
    EXPECT_GE(regenerations, 36);
}

TEST(KeyServices, AreEachThereOnce) {
    std::set<std::string> types;
    for (auto const& service : key_services())
        EXPECT_TRUE(types.insert(to_ascii_lower(service.type)).second) << service.type;
    EXPECT_EQ(types.size(), 43U);
}

}  // namespace
}  // namespace kssedr::emulator
