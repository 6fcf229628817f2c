/// libpq's functions, loaded when they are first needed. A part of postgresql_database.h.

#pragma once

#include "base/shared_library.h"

#include <libpq-fe.h>

namespace kssedr::store {

#define KSSEDR_STORE_LIBPQ(apply)                                                                                    \
    apply(PQconnectStartParams) apply(PQconnectPoll) apply(PQfinish) apply(PQstatus) apply(PQsocket)                 \
        apply(PQerrorMessage) apply(PQsetErrorVerbosity) apply(PQsendQuery) apply(PQsendQueryParams) apply(PQisBusy) \
            apply(PQconsumeInput) apply(PQgetResult) apply(PQclear) apply(PQresultStatus) apply(PQresultErrorField)  \
                apply(PQsetNoticeProcessor) apply(PQntuples) apply(PQnfields) apply(PQftype) apply(PQgetisnull)      \
                    apply(PQgetvalue) apply(PQgetlength) apply(PQunescapeBytea) apply(PQfreemem)                     \
                        apply(PQparameterStatus) apply(PQsetnonblocking) apply(PQflush)

struct Libpq {
    KSSEDR_STORE_LIBPQ(KSSEDR_LIBRARY_MEMBER)

    static Result<Libpq> load() {
        auto library = SharedLibrary::open("libpq.so.5", "libpq5");
        if (!library) return fail(std::move(library).error());
        Libpq functions;
        KSSEDR_STORE_LIBPQ(KSSEDR_LIBRARY_FIND)
        KSSEDR_TRY_VOID(library->check());
        return functions;
    }
};

}  // namespace kssedr::store
