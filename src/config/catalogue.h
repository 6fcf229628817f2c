/// The catalogue's text (TOML) to its entries, checked. docs/providers.md has the schema.

#pragma once

#include "config/settings.h"
#include "rotation/catalogue.h"

#include <string>
#include <string_view>
#include <vector>

namespace kssedr::config {

/// The text of the catalogue that kssedr brings: src/config/catalogue.toml.
[[nodiscard]] std::string_view built_in_catalogue();

/// Something about an entry that contradicts itself, and the member to look at.
struct Contradiction {
    std::string member;
    std::string why;
};

/// What is wrong with an entry by itself; empty where nothing is.
[[nodiscard]] std::vector<Contradiction> find_contradictions(rotation::CatalogueEntry const& entry);

/// Reads the entries of a text into `entries`; one whose id is there already takes that one's place. `path` names the
/// text in messages, which go to `problems` with the line.
void read_catalogue(std::string_view text, std::string const& path, std::vector<rotation::CatalogueEntry>& entries,
                    Problems& problems);

/// The built-in catalogue alone.
[[nodiscard]] rotation::Catalogue read_built_in_catalogue();

/// The built-in catalogue, with what the file adds and overrides; an empty name: with nothing.
[[nodiscard]] rotation::Catalogue load_catalogue(std::string const& file, Problems& problems);

}  // namespace kssedr::config
