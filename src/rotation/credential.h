/// Credential: one of the keys an owner has, in the slot it stands in.

#pragma once

#include "base/secret_string.h"
#include "base/time.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace kssedr::rotation {

struct Credential {
    std::string slot;  ///< as the provider spells it: `key1`
    SecretString value;
    std::optional<TimePoint> made;  ///< when the provider says it was generated; nothing where it does not say
};

/// All credentials of one owner, in catalogue order, as one listing showed them.
struct Credentials {
    std::vector<Credential> slots;
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
    /// Whether the same credentials stand in the same slots, whatever is told of their making.
    [[nodiscard]] bool agrees_with(Credentials const& other) const {
        return std::ranges::equal(slots, other.slots, [](Credential const& a, Credential const& b) {
            return a.slot == b.slot && a.value == b.value;
        });
    }
};

}  // namespace kssedr::rotation
