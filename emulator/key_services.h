/// The services whose resources have keys, a row each: the calls, the answers and the look of the keys.
///
/// The rows are written from Azure's specification and from recorded traffic, not from the catalogue of the program
/// that this local Azure tests: two mistakes must not cancel out. Storage accounts are not here; they have endpoints
/// that know their keys.
///
/// In templates (emulator/fill.h) `{1}`, `{2}`, … are the names in the resource's id, `{name}` the last of them;
/// `{key1}`,
/// `{id1}`, `{made1}`, `{key2}`, … what is told of the first key, the second, …; `{slot}`, `{key}`, `{id}`, `{made}`
/// what is told of the one that was regenerated.

#pragma once

#include <span>
#include <string_view>

namespace kssedr::emulator {

/// How a service says what is wrong.
enum class ErrorShape {
    arm,          ///< `{"error":{"code","message"}}`
    iot,          ///< `{"Code","HttpStatusCode","Message"}`
    app_service,  ///< `{"Code","Message","Target","Details"}`
};

/// The answer that shows the keys as the listing does.
inline constexpr std::string_view as_listed = "as listed";

struct KeyService {
    std::string_view type;        ///< `Microsoft.Cache/redis`
    std::string_view versions;    ///< the api-versions that are taken, a blank between two
    std::string_view list;        ///< what follows the id in the path of the POST that lists
    std::string_view regenerate;  ///< the method, and what follows the id; `{slot}` in it is the slot
    std::string_view body;        ///< what a body must hold, a template of JSON; empty: anything
    std::string_view slots;       ///< as the call to regenerate spells them, `|` between two
    std::string_view listing;     ///< the keys, a template of JSON
    std::string_view answer;      ///< to a regeneration, a template of JSON, or `as_listed`; empty: nothing
    /// What a key looks like: `{base64:BYTES}`, `{hex:CHARACTERS}`, `{text:CHARACTERS}`, `{guid}`, `{name}`, `{1}`, …
    std::string_view key;
    std::string_view key_id = {};  ///< what a key's id looks like, which is made anew with the key
    unsigned status = 200;         ///< of a regeneration that is done
    /// What the status of a regeneration is until it is done, after an answer of 202; empty: it is done at once.
    std::string_view goes_on = {};
    std::string_view chosen = {};  ///< the member of the body by which the caller may choose the key
    /// What the resource itself tells of its keys among its `properties`, a template of JSON; empty: nothing.
    std::string_view metadata = {};
    bool may_grow = false;  ///< a regeneration of a slot that is not there makes it
    ErrorShape errors = ErrorShape::arm;
    /// For services that have no call to regenerate, and whose whole resource is written back: what follows the id in
    /// the path of one policy, and the policies there are at first, `name:rights|name:rights`.
    std::string_view policy_path = {};
    std::string_view policies = {};
};

[[nodiscard]] std::span<KeyService const> key_services();

}  // namespace kssedr::emulator
