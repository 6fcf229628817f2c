#include "providers/database_client.h"

namespace kssedr::providers {

SecretString terminated(SecretString const& text) {
    SecretString ended;
    ended.reserve(text.size() + 1);
    ended.append(text.expose());
    ended.append({"\0", 1});
    return ended;
}

Async<void> OffloadedDatabase::set_password(DatabaseAddress at, SignIn admin, NewPassword wanted,
                                            SteadyPoint deadline) {
    std::move_only_function<Result<void>()> work = [blocking = blocking_, at = std::move(at), admin = std::move(admin),
                                                    wanted = std::move(wanted), deadline] {
        return blocking->set_password(at, admin, wanted, deadline);
    };
    co_return co_await offload_.run(std::move(work));
}

Task<ports::TrialResult> OffloadedDatabase::try_login(DatabaseAddress at, SignIn who, SteadyPoint deadline) {
    std::move_only_function<ports::TrialResult()> work = [blocking = blocking_, at = std::move(at),
                                                          who = std::move(who),
                                                          deadline] { return blocking->try_login(at, who, deadline); };
    co_return co_await offload_.run(std::move(work));
}

}  // namespace kssedr::providers
