/// Kinds: the resources whose keys real providers rotate in these worlds, and how each speaks.
///
/// A handful of the catalogue's entries, chosen for their ways: one that shows its keys at once and one that does not,
/// two pairs, operations that are followed by a status or by a place, a resource that is written back as a whole. What
/// stands here is what the services do, written apart from the catalogue: two mistakes must not cancel out.

#pragma once

#include "simulation/estate.h"

#include "rotation/catalogue.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kssedr::simulation {

/// How a service goes on after its answer.
enum class GoesOn : std::uint8_t {
    not_at_all,
    by_status,    ///< 202 or 201 with `Azure-AsyncOperation`: a document that has a status
    by_location,  ///< 202 with `Location`: 202 there until it is done
};

struct Wire {
    std::string entry;  ///< of the catalogue
    std::string id;     ///< of a resource, `{}` its owner's name
    std::string list = "listKeys";
    std::string regenerate = "regenerateKey";  ///< empty: the resource is written back
    std::string asks_member;                   ///< of the body: who is asked for
    std::vector<std::string> asks;             ///< by slot, as the body spells it
    std::vector<std::string> members;          ///< by slot, where an answer shows it; empty: as storage does
    GoesOn goes_on = GoesOn::not_at_all;
    bool shows_keys = false;  ///< the answer to a regeneration does
    std::size_t key_bytes = 32;
    std::size_t provider = 0;
    std::vector<std::pair<std::string, std::string>> forms;

    [[nodiscard]] bool is_policy() const { return regenerate.empty(); }
};

[[nodiscard]] std::span<Wire const> wires();

/// The same as a world sees them, in the same order; slots and shape are the catalogue's.
[[nodiscard]] std::vector<OwnerKind> kinds_of(rotation::Catalogue const& catalogue);

}  // namespace kssedr::simulation
