/// Session: the connection, made when it is first needed and made anew once it is lost.

#pragma once

#include "async/clock.h"
#include "store/database.h"
#include "store/location.h"
#include "store/sqlite.h"

#include <memory>
#include <optional>

namespace kssedr::store {

/// Whether a file is looked through for damage before it is first used; it takes seconds for each GB.
enum class Integrity : std::uint8_t { is_checked, is_trusted };

/// One thread at a time.
class Session {
public:
    /// `clock` must tell the time on any thread, and outlive it.
    Session(Location at, Missing missing, Integrity integrity, Clock const& clock)
        : at_(std::move(at)), missing_(missing), integrity_(integrity), clock_(clock) {}

    /// Connected, of this program's schema, and whole. What was once found damaged stays so until the program is
    /// started again: who goes on writing into it may destroy what could be saved.
    Result<Database*> ready(SteadyPoint deadline);
    /// Something failed: the next call connects anew, where that can help.
    void drop(Error const& why);

private:
    Result<std::unique_ptr<Database>> connect(SteadyPoint deadline);

    Location at_;
    Missing missing_;
    Integrity integrity_;
    Clock const& clock_;
    std::unique_ptr<Database> database_;
    std::optional<Error> damage_;
};

}  // namespace kssedr::store
