// Every kept input of every fuzz target, as a unit test: what fuzzing once found stays found.

#include "fuzz/targets.h"
#include "support/vectors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

namespace kssedr::fuzz {
namespace {

namespace fs = std::filesystem;

fs::path corpus() {
    return fs::path(KSSEDR_SOURCE_DIR) / "test/fuzz/corpus";
}

TEST(FuzzCorpus, EveryInputIsTaken) {
    for (auto const& [name, run] : targets()) {
        std::size_t count = 0;
        for (auto const& entry : fs::directory_iterator(corpus() / name)) {
            SCOPED_TRACE(entry.path().filename());
            auto const input = test::read_file(entry.path());
            run(input);
            // Its beginnings, too: where input breaks off is where parsers fail.
            for (std::size_t size = 0; size < std::min<std::size_t>(input.size(), 2000); ++size)
                run(input.substr(0, size));
            ++count;
        }
        EXPECT_GE(count, 3U) << "the corpus of " << name << " is nearly empty";
    }
}

TEST(FuzzCorpus, EveryFolderHasATarget) {
    auto const all = targets();
    for (auto const& entry : fs::directory_iterator(corpus()))
        EXPECT_NE(std::ranges::find(all, entry.path().filename().string(), &Target::name), all.end()) << entry.path();
}

}  // namespace
}  // namespace kssedr::fuzz
