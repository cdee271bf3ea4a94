// Notes what threads do when, where a search is profiled.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

#include "halt.hpp"
#include "lanewise/profile.hpp"
#include "setup.hpp"

namespace lanewise {

/// Time spent in evaluations, from every 16th of them.
class EvaluationClock {
  public:
    template <class Evaluate>
    void run(Evaluate evaluate) {
        constexpr std::uint64_t sampled = 16;
        if (evaluations_++ % sampled != 0) {
            evaluate();
            return;
        }
        using Clock = std::chrono::steady_clock;
        const Clock::time_point begin = Clock::now();
        evaluate();
        seconds += std::chrono::duration<double>(Clock::now() - begin).count() * sampled;
    }

    double seconds = 0;

  private:
    std::uint64_t evaluations_ = 0;
};

/// A recorder of spans of time. Each thread writes its own spans alone.
class Recorder {
  public:
    Recorder(const Halt& halt, const Setup& setup)
        : halt_(&halt), threads_(setup.is_profiled ? static_cast<std::size_t>(setup.threads) : 0) {}

    bool is_on() const noexcept { return !threads_.empty(); }

    /// A thread is at an activity from when a scope is made until it is ended or destroyed.
    class Scope {
      public:
        Scope(Recorder& recorder, std::size_t thread, Activity activity)
            : recorder_(recorder.is_on() ? &recorder : nullptr), thread_(thread), activity_(activity) {
            if (recorder_ != nullptr) begin_ = recorder_->halt_->seconds();
        }
        Scope(const Scope&) = delete;
        Scope& operator=(const Scope&) = delete;
        ~Scope() { end(); }

        void end() {
            if (recorder_ != nullptr)
                recorder_->note(thread_, {activity_, begin_, recorder_->halt_->seconds()});
            recorder_ = nullptr;
        }

      private:
        Recorder* recorder_;
        std::size_t thread_;
        Activity activity_;
        double begin_ = 0;
    };

    /// Null where nothing is to be noted.
    EvaluationClock* clock(std::size_t thread) { return is_on() ? &threads_[thread].evaluation : nullptr; }

    /// The calling thread begins and ends a part that all threads have a share in; between two of them it
    /// decides.
    void begin_shared() {
        if (is_on()) note(0, {Activity::decide, shared_until_, halt_->seconds()});
    }
    void end_shared() {
        if (is_on()) shared_until_ = halt_->seconds();
    }

    /// The profile. It is asked once, when the search ends.
    Profile profile(std::uint64_t run_iterations, std::size_t bytes_per_lane) {
        begin_shared();
        Profile profile{.seconds = halt_->seconds(),
                        .run_iterations = run_iterations,
                        .threads = {},
                        .bytes_per_lane = bytes_per_lane};
        for (const Thread& thread : threads_) {
            profile.threads.push_back(thread.noted);
            profile.threads.back().evaluate = thread.evaluation.seconds;
        }
        return profile;
    }

  private:
    struct alignas(64) Thread {
        Profile::Thread noted;
        EvaluationClock evaluation;
    };

    void note(std::size_t thread, const Profile::Span& span) noexcept {
        constexpr std::size_t most_spans = 100'000;
        Profile::Thread& noted = threads_[thread].noted;
        noted.seconds[static_cast<std::size_t>(span.activity)] += span.end - span.begin;
        if (noted.spans.size() == most_spans) return;
        try {
            noted.spans.push_back(span);
        } catch (const std::bad_alloc&) {
            // The timeline lacks a span; the sums have it.
        }
    }

    const Halt* halt_;
    std::vector<Thread> threads_;
    double shared_until_ = 0;
};

}  // namespace lanewise
