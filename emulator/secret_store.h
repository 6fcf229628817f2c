/// SecretStore: the secrets of one vault and the rules Key Vault keeps about them.
///
/// Pure: no HTTP, no JSON, no clock. What Key Vault would refuse comes back as a `Refusal` with its status, code and
/// words, as recorded from the service where a recording is known.

#pragma once

#include "base/random.h"
#include "base/time.h"

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kssedr::emulator {

struct Refusal {
    unsigned status = 400;
    std::string code;
    std::string inner_code;  ///< empty: no `innererror`
    std::string message;
};
template <class T>
using Answered = std::expected<T, Refusal>;

struct SecretVersion {
    std::string version;
    std::string value;
    std::optional<std::string> content_type;
    std::optional<std::map<std::string, std::string>> tags;
    bool enabled = true;
    bool managed = false;
    std::optional<std::int64_t> nbf;
    std::optional<std::int64_t> exp;
    TimePoint created{};
    TimePoint updated{};
    std::string host;  ///< by which the vault was called when it was set; events name it
};

/// What a PUT or PATCH says; what it leaves out stays.
struct SecretChange {
    std::optional<std::string> value;
    std::optional<std::string> content_type;
    std::optional<std::map<std::string, std::string>> tags;
    std::optional<bool> enabled;
    std::optional<std::int64_t> nbf;
    std::optional<std::int64_t> exp;
    bool managed = false;
};

struct Secret {
    std::string name;                     ///< as it was first written
    std::vector<SecretVersion> versions;  ///< oldest first, never empty
    TimePoint hidden_until{};             ///< a recovered secret takes a moment to come back
    TimePoint deleted{};
    TimePoint purge_at{};

    [[nodiscard]] SecretVersion const& current() const { return versions.back(); }
};

/// A stretch of a listing; `next` is the marker of the following one, empty at the end.
template <class T>
struct Page {
    std::vector<T> items;
    std::string next;
};

class SecretStore {
public:
    int recoverable_days = 90;

    Answered<Secret const*> set(std::string_view name, SecretChange change, std::string host, TimePoint now,
                                Random& random);
    [[nodiscard]] Answered<SecretVersion const*> get(std::string_view name, std::string_view version, TimePoint now);
    Answered<SecretVersion const*> update(std::string_view name, std::string_view version, SecretChange const& change,
                                          TimePoint now);
    [[nodiscard]] Page<Secret const*> list(std::string_view after, std::size_t count, TimePoint now);
    /// Empty for a name that does not exist, as Key Vault answers.
    [[nodiscard]] Page<SecretVersion const*> versions(std::string_view name, std::string_view after, std::size_t count,
                                                      TimePoint now);
    Answered<Secret const*> remove(std::string_view name, TimePoint now);
    [[nodiscard]] Answered<Secret const*> get_deleted(std::string_view name, TimePoint now);
    [[nodiscard]] Page<Secret const*> list_deleted(std::string_view after, std::size_t count, TimePoint now);
    Answered<Secret const*> recover(std::string_view name, TimePoint now);
    Answered<void> purge(std::string_view name, TimePoint now);

    [[nodiscard]] Secret const* find(std::string_view name) const;
    [[nodiscard]] std::size_t size() const { return secrets_.size(); }
    [[nodiscard]] std::size_t deleted_size() const { return deleted_.size(); }
    /// The name as it stands in ids; the one asked for where there is no such secret.
    [[nodiscard]] std::string spelled(std::string_view name) const;

private:
    void purge_due(TimePoint now);
    Secret* find_visible(std::string_view name, TimePoint now);

    // By name in lower case: names differ in more than case, and listings are in this order.
    std::map<std::string, Secret> secrets_;
    std::map<std::string, Secret> deleted_;
};

}  // namespace kssedr::emulator
