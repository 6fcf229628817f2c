/// The fuzz targets: what is called with bytes somebody chose to do harm, and what must hold whatever they are.
///
/// Each is run by libFuzzer (the `fuzz` preset; `./dev fuzz`) and, over the inputs kept in corpus/, by a unit test: a
/// finding that was mended stays in the corpus and cannot come back unseen.

#pragma once

#include <span>
#include <string_view>

namespace kssedr::fuzz {

struct Target {
    std::string_view name;  ///< also the folder of its corpus
    void (*run)(std::string_view input);
};

[[nodiscard]] std::span<Target const> targets();

}  // namespace kssedr::fuzz
