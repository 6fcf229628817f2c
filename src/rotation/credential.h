/// Credential: one of the keys an owner has, in the slot it stands in.

#pragma once

#include "base/secret_string.h"
#include "base/time.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kssedr::rotation {

struct Credential {
    std::string slot;  ///< as the provider spells it: `key1`
    SecretString value;
    std::optional<TimePoint> made;  ///< when the provider says it was generated; nothing where it does not say
    /// Which of the owner's pairs it belongs to, from 0: only credentials of one pair alternate. (Cosmos DB has one
    /// that may write and one that may only read.)
    std::size_t pair = 0;
};

/// All credentials of one owner, in catalogue order, as one listing showed them.
struct Credentials {
    std::vector<Credential> slots;
    /// The owner's as well, of other pairs than the one that is looked at; empty before `narrow_to`.
    std::vector<Credential> elsewhere{};
    std::optional<int> calls_left{};  ///< how many calls the service says it has left for us, where it says so

    [[nodiscard]] Credential const* find(std::string_view slot) const {
        for (auto const& credential : slots)
            if (credential.slot == slot) return &credential;
        return nullptr;
    }
    /// The index of the slot whose credential this is: the evidence of who holds what. Nothing where it is none of
    /// them.
    [[nodiscard]] std::optional<std::size_t> slot_of(SecretString const& value) const {
        for (std::size_t i = 0; i < slots.size(); ++i)
            if (slots[i].value == value) return i;
        return std::nullopt;
    }
    /// Whether this is a credential of the owner's other pairs.
    [[nodiscard]] bool is_elsewhere(SecretString const& value) const {
        return std::ranges::any_of(elsewhere, [&](Credential const& other) { return other.value == value; });
    }
    /// Leaves one pair in `slots`.
    void narrow_to(std::size_t pair) {
        std::vector<Credential> kept;
        for (auto& credential : slots) (credential.pair == pair ? kept : elsewhere).push_back(std::move(credential));
        slots = std::move(kept);
    }
    /// Whether the same credentials stand in the same slots, whatever is told of their making.
    [[nodiscard]] bool agrees_with(Credentials const& other) const {
        return std::ranges::equal(slots, other.slots, [](Credential const& a, Credential const& b) {
            return a.slot == b.slot && a.value == b.value;
        });
    }
};

}  // namespace kssedr::rotation
