// What makes an entry of the catalogue contradict itself.

#include "base/ascii.h"
#include "config/call_body.h"
#include "config/catalogue.h"

#include <algorithm>
#include <array>
#include <map>

namespace kssedr::config {
namespace {

using rotation::CatalogueEntry;
using rotation::KeyForm;

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
    return std::ranges::find(words, word) != words.end();
}

bool is_type(std::string_view type) {
    auto const parts = split(type, '/');
    return parts.size() >= 2 && parts[0].find('.') != std::string_view::npos &&
           std::ranges::none_of(parts, [](std::string_view part) { return part.empty(); });
}

bool is_api_version(std::string_view text) {
    if (text.ends_with("-preview")) text.remove_suffix(std::string_view("-preview").size());
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
    if (std::ranges::count_if(text, is_ascii_digit) != 8) return false;
    auto const month = text.substr(5, 2), day = text.substr(8, 2);
    return month >= "01" && month <= "12" && day >= "01" && day <= "31";
}

// `keys[keyName=key1,permissions?=full].value`: names between full stops, each with conditions in brackets.
bool is_place(std::string_view place) {
    bool in_brackets = false, has_name = false, has_equals = false;
    for (char const c : place) {
        if (in_brackets) {
            has_equals = has_equals || c == '=';
            if (c == '[') return false;
            if (c == ']') {
                if (!has_equals) return false;
                in_brackets = false;
            }
            continue;
        }
        if (c == '.') {
            if (!has_name) return false;
            has_name = false;
        } else if (c == '[') {
            if (!has_name) return false;
            in_brackets = true;
            has_equals = false;
        } else if (c == ']' || c == ' ') {
            return false;
        } else {
            has_name = true;
        }
    }
    return has_name && !in_brackets;
}

// What is rotated though it has no slots is code of a provider's, not data: an entry only tells of it.
bool is_served_by_code(CatalogueEntry const& entry) {
    using rotation::EntryShape;
    switch (entry.shape) {
    case EntryShape::list: return entry.type == "graph:/applications";
    case EntryShape::hook: return entry.type == "hook:{name}";
    case EntryShape::password: {
        auto const scheme = std::string_view(entry.type).substr(0, entry.type.find(':'));
        return entry.type == std::string(scheme) + "://{host}/{login}" &&
               is_one_of(scheme, {"postgresql", "mysql", "sqlserver", "redis"});
    }
    default: return false;
    }
}

/// Holds one entry against the rules.
class Check {
public:
    explicit Check(CatalogueEntry const& entry) : entry_(entry) {}

    std::vector<Contradiction> run() {
        require(!entry_.title.empty(), "title", "an entry has a title");
        if (!entry_.has_slots()) {
            check_other();
            return std::move(found_);
        }
        require(is_type(entry_.type), "type", "the type is not of the form Namespace.Of/type");
        require(is_api_version(entry_.api_version), "api_version", "an api-version is a date, such as 2023-05-01");
        require(!entry_.permissions.empty(), "permissions", "an entry of slots names the permissions that it needs");
        require(entry_.reason.empty() && entry_.instead.empty(), "reason",
                "reason and instead are for what is not rotated, and the shape is slots");
        require(is_one_of(entry_.trial, {"", "storage-blob"}), "trial", "the one trial there is is storage-blob");
        bool const has_blobs = equals_ignore_case(entry_.type, "Microsoft.Storage/storageAccounts");
        require(entry_.trial.empty() || has_blobs, "trial", "the trial storage-blob is for storage accounts");
        for (auto const& permission : entry_.permissions)
            require(
                permission.contains('/') && !permission.contains('*'), "permissions",
                "\"" + escape_for_display(permission) + "\" is not one permission, such as Microsoft.Cache/redis/read");
        check_calls();
        check_slots();
        check_pairs();
        check_keys();
        check_placeholders();
        check_connection();
        for (auto const& trial : entry_.trials) check_trial(trial);
        check_endpoint();
        return std::move(found_);
    }

private:
    void require(bool is_so, std::string member, std::string why) {
        if (!is_so) found_.push_back({std::move(member), std::move(why)});
    }

    void check_other() {
        std::string const shape(to_string(entry_.shape));
        require(!entry_.type.empty(), "type", "an entry has a type");
        require(entry_.slots.empty() && entry_.list.method.empty() && entry_.regenerate.method.empty(), "shape",
                "slots, list and regenerate are for what is rotated, and the shape is " + shape);
        bool const is_served = is_served_by_code(entry_);
        require(is_served || !is_one_of(shape, {"password", "hook"}), "shape",
                "the shape " + shape + " is for what kssedr has a provider for, and it has none for " +
                    escape_for_display(entry_.type));
        if (is_served && entry_.reason.empty() && entry_.instead.empty()) return;
        require(!entry_.reason.empty(), "reason", "an entry of shape " + shape + " says why it is not rotated");
        require(!entry_.instead.empty(), "instead", "an entry of shape " + shape + " says what to do instead");
    }

    void check_calls() {
        require(is_one_of(entry_.list.method, {"GET", "POST"}), "list", "list is GET or POST and what follows the id");
        auto const& call = entry_.regenerate;
        require(is_one_of(call.method, {"POST", "PUT"}), "regenerate",
                "regenerate is POST or PUT and what follows the id");
        auto const mistake = call.body.empty() ? std::string() : find_body_mistake(call.body);
        require(mistake.empty(), "body", mistake);
        bool const names_slot = call.tail.contains("{slot}") || call.body.contains("{slot}");
        bool const is_whole = !entry_.policies.empty();
        bool const is_made_here = !entry_.keys.empty() && entry_.keys.front().kind == KeyForm::Kind::base64;
        require(!entry_.is_key_chosen() || (is_made_here && entry_.answer == rotation::RegenerateAnswer::keys), "body",
                "where the body has {key}, the first form of the keys is base64, and answer is keys");
        require(is_whole || names_slot, "regenerate",
                "neither the path nor the body has {slot}, so that every slot would be regenerated by the same call");
        require(!is_whole || (call.method == "PUT" && call.tail.empty() && call.body.empty()), "policies",
                "where policies are written back, regenerate is PUT alone");
        require(!is_whole || std::ranges::count(entry_.type, '/') >= 2, "policies",
                "where policies are written back, the type is one below the resource's");
        check_tail("list", entry_.list.tail);
        check_tail("regenerate", call.tail);
    }

    void check_tail(std::string const& member, std::string_view tail) {
        bool const is_path = tail.find_first_of("?#\\ ") == std::string_view::npos && !tail.starts_with('/');
        require(is_path && !tail.contains(".."), member,
                "what follows the id is a path with no slash before it, and no query");
        auto const place = member == "regenerate" ? tail.find("{slot}") : std::string_view::npos;
        auto const rest = place == std::string_view::npos
                              ? std::string(tail)
                              : std::string(tail.substr(0, place)) + std::string(tail.substr(place + 6));
        require(rest.find_first_of("{}") == std::string::npos, member,
                member == "list" ? "a listing is of all slots; nothing in its path is replaced"
                                 : "{slot} may stand in the path once, and nothing else in braces");
    }

    void check_slots() {
        bool const is_made_told =
            std::ranges::any_of(entry_.slots, [](auto const& slot) { return !slot.made.empty(); });
        require(!entry_.is_made_in_resource || is_made_told, "made_in",
                "no slot says where it stands when it was made");
        require(entry_.slots.size() >= 2, "slots", "an entry has two slots or more");
        for (std::size_t i = 0; i < entry_.slots.size(); ++i) {
            auto const& slot = entry_.slots[i];
            require(!slot.name.empty(), "slots", "a slot has no name");
            require(is_place(slot.value), "slots", "slot " + slot.name + " does not say where its key stands");
            require(slot.made.empty() || is_place(slot.made), "slots", "slot " + slot.name + " is made nowhere");
            require(slot.asks_for.empty() || is_place(slot.asks_for), "slots",
                    "slot " + slot.name + " is asked for by what stands nowhere");
            require(slot.asks_for.empty() || slot.asks == slot.name, "slots",
                    "slot " + slot.name + " has asks and asks_for; one of them says how it is spelled");
            bool const is_plain = std::ranges::all_of(
                slot.asks, [](char c) { return is_ascii_letter(c) || is_ascii_digit(c) || c == '-' || c == '_'; });
            require(!entry_.regenerate.tail.contains("{slot}") || (is_plain && slot.asks_for.empty()), "slots",
                    "slot " + slot.name + " is asked for by a word that can not stand in a path");
            for (std::size_t j = 0; j < i; ++j) {
                auto const& other = entry_.slots[j];
                require(other.name != slot.name, "slots", "two slots have the name " + slot.name);
                require(other.value != slot.value, "slots",
                        "slots " + other.name + " and " + slot.name + " stand in the same place");
                require(!slot.asks_for.empty() || other.asks != slot.asks, "slots",
                        "slots " + other.name + " and " + slot.name + " are asked for by the same word");
            }
        }
    }

    void check_pairs() {
        std::map<std::string, int> pairs;
        for (auto const& slot : entry_.slots) ++pairs[slot.pair];
        for (auto const& [pair, count] : pairs)
            require(count == 2, "slots",
                    (pair.empty() ? "it has " : "pair " + pair + " has ") + std::to_string(count) +
                        " slots; a pair has two");
    }

    void check_keys() {
        require(!entry_.keys.empty(), "keys", "an entry says in which forms its keys are written");
        for (auto const& form : entry_.keys) {
            require(form.least >= 16 && form.least <= form.most && form.most <= 4096, "keys",
                    "the size of a key is from 16 to 4096");
            require(form.kind == KeyForm::Kind::text || (form.begins.empty() && form.with.empty()), "keys",
                    "begins and with are for keys of text");
            require(form.with.find_first_of(" \t\r\n\"\\") == std::string::npos, "keys",
                    "no key has blanks, quotes or backslashes");
            bool const breaks_connection =
                entry_.connection && form.with.find(entry_.connection->separator) != std::string::npos;
            require(!breaks_connection, "keys", "a key with the separator in it can not stand in a connection string");
        }
    }

    void check_placeholder(std::string const& member, std::string_view text) {
        auto const unknown = rotation::find_unknown_placeholder(text, entry_.type);
        require(unknown.empty(), member,
                unknown +
                    " stands for nothing; there are {name}, {storage_suffix}, and {1}, {2}, … for as many "
                    "names as the type has");
    }

    void check_placeholders() {
        for (auto const& form : entry_.keys) check_placeholder("keys", form.begins);
        for (auto const& url : entry_.urls) check_placeholder("urls", url.user);
        for (auto const& [cloud, hosts] : entry_.hosts)
            for (auto const& host : hosts) {
                check_placeholder("hosts", host);
                require(std::ranges::count(host, '*') <= 1 && host.find('.') != std::string::npos &&
                            host.find_first_of("/@ ") == std::string::npos,
                        "hosts", "\"" + escape_for_display(host) + "\" is no host with one * at most");
            }
    }

    void check_connection() {
        if (!entry_.connection) return;
        auto const& connection = *entry_.connection;
        for (auto const& [name, value] : connection.members) check_placeholder("connection", value);
        require(!connection.key.empty(), "connection", "a connection string has a member with the key");
        auto const is_fixed = [&](std::string const& name) {
            return std::ranges::find(connection.members, name, &rotation::FixedMember::name) !=
                   connection.members.end();
        };
        require(connection.owner.empty() || is_fixed(connection.owner), "connection",
                "the owner's member is none of its members");
        require(!is_fixed(connection.key), "connection", "the key's member can not have a value of its own");
        bool const is_tied = !connection.owner.empty() || !entry_.hosts.empty();
        require(is_tied, "connection", "nothing in it would name the owner: it has neither owner nor hosts");
    }

    void check_trial(rotation::EntryTrial const& trial) {
        require(entry_.trial.empty(), "trials", "there are trial and trials; one of them says how a key is tried");
        require(is_one_of(trial.method, {"GET", "HEAD", "POST"}) && trial.target.starts_with('/') &&
                    trial.target.find_first_of("#{}\"\\ ") == std::string::npos,
                "trials", "call is GET, HEAD or POST and the path, with a slash before it");
        bool const is_header = trial.proof == rotation::KeyProof::header;
        bool const is_name = !trial.header.empty() && std::ranges::all_of(trial.header, [](char c) {
            return is_ascii_letter(c) || is_ascii_digit(c) || c == '-';
        });
        require(is_header ? is_name : trial.header.empty(), "trials",
                "a header's name stands behind the proof header, and behind no other");
        bool const is_one_feed = std::ranges::count(trial.target, '/') == 1 && !trial.target.contains('?');
        require(trial.proof != rotation::KeyProof::cosmos || is_one_feed, "trials",
                "the proof cosmos is for a feed at the root, such as /dbs");
        auto const is_status = [](long status) { return status >= 100 && status <= 599; };
        require(!trial.accepted.empty() && std::ranges::all_of(trial.accepted, is_status) &&
                    std::ranges::all_of(trial.rejected, is_status),
                "trials", "accepted and rejected are lists of statuses, and accepted has one at least");
        require(std::ranges::none_of(trial.accepted,
                                     [&](long status) {
                                         return status == 401 || status == 403 ||
                                                std::ranges::find(trial.rejected, status) != trial.rejected.end();
                                     }),
                "trials", "a status that says that a key is wrong can not say that it is right");
    }

    void check_endpoint() {
        require(entry_.endpoint.empty() || is_place(entry_.endpoint), "endpoint",
                "endpoint says where in the resource its host stands, such as properties.endpoint");
        require(entry_.endpoint.empty() || !entry_.trials.empty(), "endpoint", "endpoint is for trials");
        if (entry_.trials.empty()) return;
        require(!entry_.hosts.empty(), "trials", "without hosts nobody could be asked");
        for (auto const& [cloud, hosts] : entry_.hosts)
            require(!entry_.endpoint.empty() || (!hosts.empty() && !hosts.front().contains('*')), "trials",
                    "without endpoint the first of the hosts is asked, and it has a *");
    }

    CatalogueEntry const& entry_;
    std::vector<Contradiction> found_;
};

}  // namespace

std::vector<Contradiction> find_contradictions(CatalogueEntry const& entry) {
    return Check(entry).run();
}

}  // namespace kssedr::config
