/// Catalogue: the kinds of credential that kssedr knows, as data (src/config/catalogue.toml).
///
/// A service whose keys are listed and made anew by two calls is an entry, not a class. Entries of other shapes are
/// there too: they say why kssedr does not rotate them, and what to do instead. docs/providers.md has the schema.
///
/// Texts of an entry may hold placeholders: `{name}`, the last name in the owner's resource id; `{1}`, `{2}`, …, its
/// names from the left; `{storage_suffix}`, the cloud's. In calls `{slot}` is the slot as the call spells it.

#pragma once

#include "rotation/arm_id.h"
#include "rotation/cloud.h"
#include "rotation/credential_shape.h"
#include "rotation/entry_trial.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kssedr::rotation {

/// What becomes of a kind of credential.
enum class EntryShape : std::uint8_t {
    slots,       ///< pairs of keys that the service makes: rotated
    list,        ///< added and removed one by one: rotated by a provider of its own where no reason against it is given
    password,    ///< chosen by kssedr, for two logins that take turns: rotated
    hook,        ///< two keys that a program or a web service of the user's own makes: rotated
    single,      ///< one credential, or one call that replaces whichever: nobody could overlap
    shown_once,  ///< no later listing shows it, so that nobody can tell what a secret holds
    not_listed,  ///< the service shows what is signed with it, never the credential
    fixed,       ///< shown, with no call that makes a new one
    preview,     ///< in preview interfaces only
    retired,     ///< the service is gone
};

/// The word of the catalogue's file and of `kssedr providers`: `shown-once`.
[[nodiscard]] std::string_view to_string(EntryShape shape);
[[nodiscard]] std::optional<EntryShape> parse_entry_shape(std::string_view word);

/// One call on the owner: a method, what follows the owner's id in the path (may be empty), a body (may be empty).
struct EntryCall {
    std::string method;
    std::string tail;
    std::string body;

    friend bool operator==(EntryCall const&, EntryCall const&) = default;
};

/// Whether the answer to a regeneration shows the keys, in the places that the listing has them in.
enum class RegenerateAnswer : std::uint8_t { nothing, keys };

/// A slot and where the listing has it; places are paths such as `keys[keyName=key1].value` (azure/json_path.h).
struct EntrySlot {
    std::string name;      ///< as users see it: `CredentialId`
    std::string asks;      ///< as the call to regenerate spells it
    std::string value;     ///< where the key stands
    std::string made;      ///< where it stands when it was made; empty: the service does not say
    std::string asks_for;  ///< where it stands what the call spells instead of `asks`; empty: nowhere
    std::string pair;      ///< slots with the same word alternate; empty: there is one pair only

    friend bool operator==(EntrySlot const&, EntrySlot const&) = default;
};

/// A connection string with members.
struct EntryConnection {
    std::string key;
    char separator = ';';
    std::string owner;  ///< the member that holds the owner's name, where there is one
    std::vector<std::string> needs;
    std::vector<FixedMember> members;
    std::vector<std::string> endpoints;
    std::vector<std::string> foreign;

    friend bool operator==(EntryConnection const&, EntryConnection const&) = default;
};

struct CatalogueEntry {
    std::string id;
    std::string title;
    std::string type;  ///< `Microsoft.Storage/storageAccounts`; of what is no resource how its owners are written
    EntryShape shape = EntryShape::slots;
    std::string reason;                    ///< why it is not rotated, where it is not
    std::string instead;                   ///< what to do, where it is not rotated
    std::vector<std::string> permissions;  ///< of a login: the statements that grant what its administrator needs
    std::string role;                      ///< the least of Azure's own roles that has them, or of the server's
    std::vector<std::string> notes;

    // Of slots only.
    std::string api_version;
    EntryCall list;
    EntryCall regenerate;
    RegenerateAnswer answer = RegenerateAnswer::nothing;
    bool is_long_running = false;
    /// Where slots say when they were made, that stands in the resource itself, not in the listing.
    bool is_made_in_resource = false;
    /// The key is put into the resource as a whole: the list of policies in its `properties`, each with a `keyName`;
    /// the owner is one of these. Empty: there is a call to regenerate.
    std::string policies;
    std::vector<EntrySlot> slots;
    std::vector<KeyForm> keys;
    std::optional<EntryConnection> connection;
    std::vector<UrlForm> urls;
    std::map<std::string, std::vector<std::string>> hosts;  ///< by cloud: `public`, `usgovernment`, `china`
    std::string trial;               ///< how a new key is tried by code: `storage-blob`; empty: it is not
    std::vector<EntryTrial> trials;  ///< how it is tried by requests: the first that says yes or no, says it
    /// Where the resource tells the host that is asked; empty: it is the first of `hosts`.
    std::string endpoint;

    friend bool operator==(CatalogueEntry const&, CatalogueEntry const&) = default;

    /// Whether whoever asks for a regeneration says what the key is to be: then asking twice does no more than once.
    [[nodiscard]] bool is_key_chosen() const { return regenerate.body.contains("{key}"); }
    /// Whether a new key can be tried before it is published.
    [[nodiscard]] bool has_trial() const { return !trial.empty() || !trials.empty(); }
    [[nodiscard]] bool has_slots() const { return shape == EntryShape::slots; }
    [[nodiscard]] bool is_rotated() const {
        bool const is_by_code = shape == EntryShape::password || shape == EntryShape::hook;
        return has_slots() || is_by_code || (shape == EntryShape::list && reason.empty());
    }
    /// Whether its owners are resources of Resource Manager, so that a role of Azure's gives the permissions.
    [[nodiscard]] bool is_of_resources() const { return type.find(':') == std::string::npos; }
    [[nodiscard]] EntrySlot const* find_slot(std::string_view name) const;
    /// Which of the entry's pairs a slot belongs to, from 0 in the order of the slots (rotation/credential.h).
    [[nodiscard]] std::size_t pair_of(EntrySlot const& slot) const;
};

class Catalogue {
public:
    Catalogue() = default;
    explicit Catalogue(std::vector<CatalogueEntry> entries) : entries_(std::move(entries)) {}

    /// The entry of the owner's type, of slots where there is one; null where there is none.
    [[nodiscard]] CatalogueEntry const* find(ArmId const& owner) const;
    [[nodiscard]] CatalogueEntry const* find(std::string_view id) const;
    /// The entry whose type is written most like this one, of the same namespace where there is any; null in an empty
    /// catalogue.
    [[nodiscard]] CatalogueEntry const* nearest(std::string_view type) const;
    [[nodiscard]] std::span<CatalogueEntry const> entries() const { return entries_; }

private:
    std::vector<CatalogueEntry> entries_;
};

/// A catalogue that is read when it is first asked for: a start need not wait for it. One thread's.
class LazyCatalogue {
public:
    explicit LazyCatalogue(Catalogue read) : catalogue_(std::move(read)) {}
    explicit LazyCatalogue(std::function<Catalogue()> read) : read_(std::move(read)) {}

    /// Valid as long as this object.
    [[nodiscard]] Catalogue const& get() const {
        if (read_) catalogue_ = std::exchange(read_, nullptr)();
        return catalogue_;
    }

private:
    mutable std::function<Catalogue()> read_;
    mutable Catalogue catalogue_;
};

/// The text with its placeholders filled. One that is not known stays as it is (the parser lets none through).
[[nodiscard]] std::string fill_placeholders(std::string_view text, ArmId const& owner, Cloud const& cloud);
/// The first placeholder that stands for nothing with this resource type; empty where all are known.
[[nodiscard]] std::string find_unknown_placeholder(std::string_view text, std::string_view type);

/// How the owner's credentials look, in that cloud.
[[nodiscard]] CredentialShape shape_of(CatalogueEntry const& entry, ArmId const& owner, Cloud const& cloud);

/// Why the catalogue does not let this owner be rotated, and what to do: a sentence for a person.
[[nodiscard]] std::string explain_unserved(Catalogue const& catalogue, ArmId const& owner);

}  // namespace kssedr::rotation
