#include "resource_manager.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace kssedr::simulation {
namespace {

using std::chrono::seconds;

rotation::Credentials true_credentials(OwnerState const& owner, Estate const& estate) {
    rotation::Credentials all;
    for (auto const& slot : owner.slots)
        all.slots.push_back({slot.name, SecretString::copy_of(estate.key(slot.key).text),
                             owner.tells_made ? std::optional(slot.made) : std::nullopt, all.slots.size() / 2});
    return all;
}

// The value of a member that is a string without escapes.
std::optional<std::string> member_of(std::string_view json, std::string_view name) {
    auto const begins = fmt::format("\"{}\":\"", name);
    auto const at = json.find(begins);
    if (at == std::string_view::npos) return std::nullopt;
    auto const value = json.substr(at + begins.size());
    return std::string(value.substr(0, value.find('"')));
}

}  // namespace

http::Response answer(long status, std::string body) {
    http::Response response;
    response.status = status;
    response.headers = {{"content-type", "application/json; charset=utf-8"}};
    response.body = SecretString::copy_of(body);
    return response;
}

http::Response refusal(long status, std::string_view code) {
    return answer(status, fmt::format(R"({{"error":{{"code":"{}","message":"as the world wants"}}}})", code));
}

Wire const& ResourceManager::wire_of(OwnerState const& owner) {
    return *std::ranges::find(wires(), owner.kind->name, &Wire::entry);
}

std::string ResourceManager::format_keys(OwnerState const& owner, rotation::Credentials const& credentials) {
    auto const& wire = wire_of(owner);
    std::string body;
    for (std::size_t i = 0; i < credentials.slots.size(); ++i) {
        auto const& slot = credentials.slots[i];
        auto const made = slot.made ? fmt::format(R"("{}")", format_rfc3339(*slot.made)) : std::string("null");
        auto const separator = body.empty() ? "" : ",";
        body += wire.members.empty()
                    ? fmt::format(R"({}{{"creationTime":{},"keyName":"{}","permissions":"FULL","value":"{}"}})",
                                  separator, made, wire.asks[i], slot.value.expose())
                    : fmt::format(R"({}"{}":"{}")", separator, wire.members[i], slot.value.expose());
    }
    if (wire.members.empty()) return R"({"keys":[)" + body + "]}";
    return R"({"keyName":"service",)" + body + R"(,"rights":"all"})";
}

// Of all the resource's policies, of which one is an owner of ours.
std::string ResourceManager::format_policies(OwnerState const& owner, Estate const& estate) {
    return R"({"value":[{"keyName":"iothubowner","primaryKey":"b3RoZXI=","secondaryKey":"b3RoZXI=","rights":"x"},)" +
           format_keys(owner, true_credentials(owner, estate)) + "]}";
}

std::string ResourceManager::etag_of(int owner, Estate const& estate) const {
    std::string tag;
    for (auto const& slot : estate.owners[static_cast<std::size_t>(owner)].slots) tag += fmt::format("{}-", slot.key);
    auto const begun = begun_.find(owner);
    return tag + std::to_string(begun == begun_.end() ? 0 : begun->second);
}

std::string ResourceManager::format_resource(int owner, Estate const& estate) const {
    auto const& state = estate.owners[static_cast<std::size_t>(owner)];
    auto const& wire = wire_of(state);
    std::string made;
    for (std::size_t i = 0; state.tells_made && i < wire.members.size(); ++i)
        made += fmt::format(R"({}"{}":{{"generationTime":"{}"}})", i > 0 ? "," : "", wire.members[i],
                            format_rfc3339(state.slots[i].made));
    return fmt::format(R"({{"id":"{}","etag":"{}","location":"westeurope","properties":{{"state":"Active",)"
                       R"("keysMetadata":{{{}}},"primaryEndpoints":{{"blob":"https://{}.blob.core.windows.net/"}}}}}})",
                       state.id.text(), etag_of(owner, estate), made, state.name);
}

void ResourceManager::change(Site const& site, int owner, NewKey const& key, Author const& author) {
    auto& estate = site.estate;
    estate.regenerate(owner, key.slot, author, key.text);
    ++site.statistics.regenerations;
    auto const& state = estate.owners[static_cast<std::size_t>(owner)];
    auto const& slot = state.slots[static_cast<std::size_t>(key.slot)];
    site.trace.say("regenerated for process {}: {} of {} is {}", author.process, slot.name, state.name,
                   short_name(estate.key(slot.key).text));
}

std::string ResourceManager::place_of(std::string const& operation) {
    return fmt::format("https://{}/operations/{}?api-version=2024-01-01&t=signed", host, operation);
}

http::Response ResourceManager::regenerate(Site const& site, int owner, NewKey const& key, Author const& author) {
    auto const& estate = site.estate;
    auto const& state = estate.owners[static_cast<std::size_t>(owner)];
    auto const& wire = wire_of(state);
    if (state.denied_until > estate.now()) return refusal(403, "AuthorizationFailed");
    if (busy_until_[owner] > estate.now()) return refusal(409, "AnotherOperationInProgress");
    if (wire.goes_on != GoesOn::not_at_all) return begin(site, owner, key, author);
    // Asked for the key that it has, the service does no more.
    auto const& slot = state.slots[static_cast<std::size_t>(key.slot)];
    if (!key.text || *key.text != estate.key(slot.key).text) change(site, owner, key, author);
    return answer(200, wire.shows_keys ? format_keys(state, true_credentials(state, estate)) : "");
}

http::Response ResourceManager::write_back(Site const& site, int owner, std::string_view body, std::string_view etag,
                                           Author const& author) {
    auto const& estate = site.estate;
    auto const& state = estate.owners[static_cast<std::size_t>(owner)];
    if (state.denied_until > estate.now()) return refusal(403, "AuthorizationFailed");
    if (busy_until_[owner] > estate.now()) return refusal(409, "AnotherOperationInProgress");
    if (etag != etag_of(owner, estate)) return refusal(412, "PreconditionFailed");
    auto const ours = body.substr(std::min(body.find(R"("keyName":"service")"), body.size()));
    auto const& wire = wire_of(state);
    std::vector<NewKey> changed;
    for (std::size_t i = 0; i < wire.members.size(); ++i) {
        auto text = member_of(ours, wire.members[i]);
        if (!text) return refusal(400, "InvalidPolicy");
        if (*text != estate.key(state.slots[i].key).text) changed.push_back({static_cast<int>(i), std::move(text)});
    }
    // Under its tag the resource is as it was read, with the one key changed.
    if (changed.size() != 1) return refusal(400, "InvalidPolicy");
    return begin(site, owner, changed.front(), author);
}

http::Response ResourceManager::begin(Site const& site, int owner, NewKey const& key, Author const& author) {
    auto& timeline = site.timeline;
    auto const now = timeline.now();
    auto const ends = now + chance_.between(seconds{1}, site.plan.operation_max);
    auto const name = fmt::format("op{}", ++names_);
    Operation operation{owner, ends, chance_.happens(manners.operation_fails), key.slot};
    if (operation.fails && chance_.happens(0.5)) {
        operation.shows_from = now + chance_.between({}, ends - now);
        operation.provisional = key.text ? *key.text : site.estate.random_key_text(owner);
    }
    last_[owner] = name;
    operations_[name] = operation;
    busy_until_[owner] = ends;
    ++begun_[owner];
    auto const& wire = wire_of(site.estate.owners[static_cast<std::size_t>(owner)]);
    site.trace.say("{} begins for process {}, until {:.3f} s{}", name, author.process,
                   static_cast<double>(ends.since_start.count()) / 1000, operation.fails ? ", and will fail" : "");
    if (!operation.fails) {
        // What it refers to lives as long as the world; the process that asked may not.
        auto const when = chance_.happens(0.5) ? ends : now + chance_.between({}, ends - now);
        timeline.at(when, [site, owner, key, author] { change(site, owner, key, author); });
    }
    auto begun = answer(wire.is_policy() ? 201 : 202);
    if (wire.goes_on == GoesOn::by_status) begun.headers.emplace_back("azure-asyncoperation", place_of(name));
    if (!wire.is_policy()) begun.headers.emplace_back("location", place_of(name));
    if (chance_.happens(0.5)) begun.headers.emplace_back("retry-after", std::to_string(1 + chance_.pick(10)));
    return begun;
}

void ResourceManager::show_provisional(Site const& site, int owner, rotation::Credentials& listed) const {
    auto const last = last_.find(owner);
    if (last == last_.end()) return;
    auto const& operation = operations_.at(last->second);
    auto const now = site.timeline.now();
    if (operation.provisional.empty() || now < operation.shows_from || now >= operation.ends) return;
    listed.slots[static_cast<std::size_t>(operation.slot)].value = SecretString::copy_of(operation.provisional);
}

int ResourceManager::owner_of(std::string const& operation) const {
    auto const place = operations_.find(operation);
    return place == operations_.end() ? -1 : place->second.owner;
}

http::Response ResourceManager::tell_of(Site const& site, std::string const& name) {
    auto const& operation = operations_.at(name);
    auto const& estate = site.estate;
    auto const& owner = estate.owners[static_cast<std::size_t>(operation.owner)];
    bool const has_status = wire_of(owner).goes_on == GoesOn::by_status;
    if (estate.now() < operation.ends) {
        auto told = has_status ? answer(200, R"({"status":"InProgress"})") : answer(202);
        if (manners.answers_another_place)
            told.headers.emplace_back(has_status ? "azure-asyncoperation" : "location",
                                      place_of(name) + std::to_string(chance_.pick(1000)));
        return told;
    }
    if (operation.fails && has_status)
        return answer(200,
                      R"({"status":"Failed","error":{"code":"InternalServerError","message":"as the world wants"}})");
    if (operation.fails) return refusal(409, "OperationFailed");
    if (has_status) return answer(200, R"({"status":"Succeeded"})");
    return chance_.happens(0.5) ? answer(204) : answer(200, format_keys(owner, true_credentials(owner, estate)));
}

}  // namespace kssedr::simulation
