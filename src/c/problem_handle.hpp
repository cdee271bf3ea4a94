// What the handles of the C interface hold.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>

#include "lanewise/lanewise.h"
#include "lanewise/lanewise.hpp"

namespace lanewise::c {

/// A callback of the caller returned something else than 0.
struct CallbackFailed {};

/// \throws std::invalid_argument where something is NULL that has to be there.
inline void require(bool is_there, const char* what) {
    if (!is_there) throw std::invalid_argument(std::string(what) + ": NULL");
}

/// A callback of the caller with its data.
template <class Function>
struct Caller {
    Function function = nullptr;
    void* data = nullptr;

    explicit operator bool() const noexcept { return function != nullptr; }
    template <class... Arguments>
    void operator()(Arguments... arguments) const {
        if (function(data, arguments...) != 0) throw CallbackFailed();
    }
};

/// Asks the caller no more often than its contract says.
std::function<bool()> stop_of(const Caller<lanewise_stop_callback>& stop);

std::function<void(std::string_view)> checkpoint_of(const Caller<lanewise_checkpoint_callback>& checkpoint);

}  // namespace lanewise::c

struct lanewise_problem {
    lanewise::Problem problem;
    lanewise::Problems rows;  ///< of a formula's rows(...), or of fits
    /// Makes the objective of the box, which is known when there is work to do.
    std::function<std::unique_ptr<const lanewise::Objective>(const lanewise::Box&)> make_objective;
    std::set<std::string, std::less<>> options_set;
    std::optional<double> tolerance;
    lanewise::c::Caller<lanewise_progress_callback> progress;
    lanewise::c::Caller<lanewise_fit_progress_callback> fit_progress;
    lanewise::c::Caller<lanewise_stop_callback> stop;
    lanewise::c::Caller<lanewise_checkpoint_callback> checkpoint;

    // What the last call left.
    std::string error;
    bool is_out_of_memory = false;
    std::string text, more_text;
    bool is_at_work = false;  ///< a callback may be calling

    const lanewise::Box& box();
    const lanewise::Objective& objective();
    /// After variables, parameters or objective became others.
    void forget() noexcept {
        box_.reset();
        objective_.reset();
    }

  private:
    std::unique_ptr<const lanewise::Box> box_;
    std::unique_ptr<const lanewise::Objective> objective_;
};

namespace lanewise::c {

/// Runs `act`, and keeps what went wrong as the problem's error.
template <class Act>
int guarded(lanewise_problem* problem, Act act) noexcept {
    const auto fail = [&](int code, const char* message) {
        problem->is_out_of_memory = false;
        try {
            problem->error = message;
        } catch (...) {
            problem->is_out_of_memory = true;
        }
        return code;
    };
    if (problem->is_at_work)
        return fail(LANEWISE_INVALID, "the problem is at work: a callback may not call with it");
    problem->is_at_work = true;
    struct Rest {
        bool& is_at_work;
        ~Rest() { is_at_work = false; }
    } const rest{problem->is_at_work};
    try {
        act();
        return LANEWISE_OK;
    } catch (const CallbackFailed&) {
        return fail(LANEWISE_CALLBACK_FAILED, "a callback failed");
    } catch (const NothingFinite& error) {
        return fail(LANEWISE_NOTHING_FINITE, error.what());
    } catch (const std::bad_alloc&) {
        problem->is_out_of_memory = true;
        return LANEWISE_OUT_OF_MEMORY;
    } catch (const std::invalid_argument& error) {
        return fail(LANEWISE_INVALID, error.what());
    } catch (const std::exception& error) {
        return fail(LANEWISE_FAILED, error.what());
    } catch (...) {
        return fail(LANEWISE_FAILED, "something that is no std::exception was thrown");
    }
}

}  // namespace lanewise::c
