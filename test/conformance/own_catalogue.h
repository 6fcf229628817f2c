/// The catalogue that kssedr brings, for tests.

#pragma once

#include "base/check.h"
#include "config/catalogue.h"

#include <gtest/gtest.h>

namespace kssedr::test {

inline rotation::Catalogue const& own_catalogue() {
    static rotation::Catalogue const catalogue = [] {
        config::Problems problems;
        auto loaded = config::load_catalogue({}, problems);
        for (auto const& problem : problems) ADD_FAILURE() << problem;
        return loaded;
    }();
    return catalogue;
}

inline rotation::CatalogueEntry const& own_entry(std::string_view id) {
    auto const* entry = own_catalogue().find(id);
    KSSEDR_CHECK(entry != nullptr, "the test names an entry that is not there");
    return *entry;
}

}  // namespace kssedr::test
