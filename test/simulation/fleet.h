/// Fleet: many worlds, side by side in processes of their own.
///
/// The seeds are dealt out in turn, so that which process runs which is a function of their number alone, and what a
/// seed makes is not touched by it: a world knows its seed and nothing else.

#pragma once

#include "services.h"
#include "statistics.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace kssedr::simulation {

struct Tour {
    std::vector<std::uint64_t> first;  ///< seeds to begin with
    std::uint64_t from = 1;            ///< then this one and those after it
    std::uint64_t count = 0;           ///< so many
    Mutation mutation = Mutation::none;
    MakeServices services{};

    [[nodiscard]] std::uint64_t size() const { return first.size() + count; }
    [[nodiscard]] std::uint64_t seed(std::uint64_t number) const {
        return number < first.size() ? first[number] : from + (number - first.size());
    }
};

struct FleetReport {
    Statistics total;
    std::vector<std::uint64_t> failing;  ///< seeds, lowest first
    bool has_crashed = false;            ///< a process ended that had not been asked to
};

/// Runs the tour in `jobs` processes (in this one, where that is one). `keeps_going` is told what there is so far,
/// after each world and at least twice a second, and says whether to go on.
FleetReport run_fleet(Tour const& tour, unsigned jobs, std::function<bool(FleetReport const&)> keeps_going);

}  // namespace kssedr::simulation
