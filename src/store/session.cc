#include "store/session.h"

#include "store/postgresql_database.h"
#include "store/schema.h"

namespace kssedr::store {

Result<std::unique_ptr<Database>> Session::connect(SteadyPoint deadline) {
    auto opened =
        at_.server ? open_postgresql(*at_.server, clock_, deadline) : open_sqlite(at_.file, missing_, clock_, deadline);
    if (!opened) return opened;
    auto& database = **opened;
    if (integrity_ == Integrity::is_checked) {
        if (auto const whole = database.check_integrity(); !whole) return fail(whole.error());
    }
    if (auto const migrated = migrate(database, deadline); !migrated) return fail(migrated.error());
    integrity_ = Integrity::is_trusted;
    return opened;
}

Result<Database*> Session::ready(SteadyPoint deadline) {
    if (damage_) return fail(*damage_);
    if (database_) return database_.get();
    auto opened = connect(deadline);
    if (!opened) {
        drop(opened.error());
        return fail(std::move(opened).error());
    }
    database_ = *std::move(opened);
    return database_.get();
}

void Session::drop(Error const& why) {
    database_.reset();
    if (why.code() == Errc::corrupt) damage_ = why;
}

}  // namespace kssedr::store
