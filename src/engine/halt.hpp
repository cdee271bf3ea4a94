// The reasons to end a search that can come at any moment.
#pragma once

#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <optional>
#include <thread>
#include <utility>

#include "lanewise/options.hpp"
#include "lanewise/result.hpp"

namespace lanewise {

class Halt {
  public:
    explicit Halt(const Options& options)
        : stop_(&options.stop), begin_(Clock::now()), max_time_(options.max_time) {}

    double seconds() const { return std::chrono::duration<double>(Clock::now() - begin_).count(); }
    bool requested() const noexcept {
        return reason_.load(std::memory_order_relaxed) != SearchStatus::completed;
    }
    SearchStatus reason() const noexcept { return reason_.load(std::memory_order_relaxed); }

    /// Looks at the clock, and on the calling thread of the search asks Options::stop. What that throws is
    /// kept.
    void poll(bool on_calling_thread) noexcept {
        if (requested()) return;
        if (max_time_ && seconds() >= *max_time_) reason_ = SearchStatus::max_time;
        if (!on_calling_thread || !*stop_) return;
        try {
            call([&] {
                if ((*stop_)()) reason_ = SearchStatus::interrupted;
            });
        } catch (...) {
            keep(std::current_exception());
        }
    }

    /// Runs code of the search's caller, on its thread. What that throws is for it to catch.
    template <class Act>
    void call(Act act) {
        try {
            act();
        } catch (...) {
            is_thrown_by_caller_ = true;
            throw;
        }
    }
    bool is_thrown_by_caller() const noexcept { return is_thrown_by_caller_; }
    bool is_thrown() const noexcept { return is_thrown_.load(std::memory_order_relaxed); }

    /// Ends the search for what was thrown on one of its threads: of several, for the first.
    void keep(std::exception_ptr thrown) noexcept {
        if (!is_thrown_.exchange(true)) thrown_ = std::move(thrown);
        reason_ = SearchStatus::interrupted;
    }
    void keep_thrown_by_caller(std::exception_ptr thrown) noexcept {
        is_thrown_by_caller_ = true;
        keep(std::move(thrown));
    }

    /// The calling thread waits here while others finish their share, since only it can ask Options::stop.
    /// Most often they are nearly done, and a sleep would be the longest part of it.
    void watch(const std::atomic<std::ptrdiff_t>& work_left) noexcept {
        constexpr std::chrono::microseconds soon(200);
        constexpr std::chrono::microseconds pause(100);
        const Clock::time_point begin = Clock::now();
        while (*stop_ && work_left != 0 && !requested()) {
            if (Clock::now() - begin < soon) {
                std::this_thread::yield();
            } else {
                poll(true);
                std::this_thread::sleep_for(pause);
            }
        }
    }

    /// Throws what was kept. It is called when all threads are done.
    void rethrow() const {
        if (thrown_) std::rethrow_exception(thrown_);
    }

  private:
    using Clock = std::chrono::steady_clock;
    const std::function<bool()>* stop_;
    Clock::time_point begin_;
    std::optional<double> max_time_;
    std::atomic<SearchStatus> reason_ = SearchStatus::completed;
    std::atomic<bool> is_thrown_ = false;
    std::atomic<bool> is_thrown_by_caller_ = false;
    std::exception_ptr thrown_;
};

}  // namespace lanewise
