// All parts of a search in one process.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "found_part.hpp"
#include "handed.hpp"
#include "lanewise/parts.hpp"
#include "merge.hpp"
#include "search_job.hpp"
#include "state.hpp"

namespace lanewise {

namespace {

/// Works on one after the other.
class AllParts {
  public:
    AllParts(const Objective& objective, const Box& box, Options options, const PartKeeper& keeper)
        : objective_(&objective),
          box_(&box),
          options_(std::move(options)),
          keeper_(&keeper),
          setting_(objective, box, options_),
          halt_(options_) {}

    Result result() {
        for (std::size_t round = 1;; ++round) {
            work_on(round);
            if (parts_.empty()) throw std::runtime_error("the search ended before any part was worked on");
            Merged merged = merge();
            const bool is_over =
                round == options_.rounds || merged.is_settled || ended_ != SearchStatus::completed;
            if (!is_over) {
                handed_ = std::move(merged.handed);
                continue;
            }
            if (!merged.result) throw NothingFinite("nothing finite found in the parts that were worked on");
            if (ended_ == SearchStatus::max_time || ended_ == SearchStatus::interrupted)
                merged.result->status = ended_;
            return *std::move(merged.result);
        }
    }

  private:
    void work_on(std::size_t round) {
        for (std::size_t part = last_part(round - 1, options_) + 1; part <= last_part(round, options_);
             ++part) {
            halt_.poll(true);
            if (halt_.requested() && !parts_.empty()) ended_ = halt_.reason();
            if (ended_ != SearchStatus::completed && ended_ != SearchStatus::target) return;
            work_on_part(part);
        }
    }

    void work_on_part(std::size_t part) {
        const Options options = options_of(part);
        const std::optional<std::string> state = keeper_->read ? keeper_->read(part) : std::nullopt;
        SearchJob job(*objective_, *box_, options);
        Outcome outcome = state ? go_on(job, part, *state) : job.begin();
        if (!is_narrowed_) setting_.narrow(job.setting().box->region(), 0, true);
        is_narrowed_ = true;
        begun_ += outcome.starts;
        run_iterations_ += outcome.work.run_iterations;
        best_f_ = std::min(best_f_, outcome.best.f);
        if (!is_done(outcome.status) || outcome.status == SearchStatus::target) ended_ = outcome.status;
        parts_.push_back({.number = part,
                          .search = search_digest(job.setting()),
                          .handed_of = job.setting().handed_of,
                          .found = digest_of(outcome),
                          .outcome = std::move(outcome)});
    }

    static Outcome go_on(SearchJob& job, std::size_t part, const std::string& state) {
        try {
            return job.resume(open_state(state));
        } catch (const std::invalid_argument& error) {
            throw std::invalid_argument(fmt::format("the state of part {}: {}", part, error.what()));
        }
    }

    Options options_of(std::size_t part) {
        Options options = options_;
        options.part = part;
        options.handed = handed_;
        if (keeper_->write)
            options.checkpoint = [this, part](std::string_view state) { keeper_->write(part, state); };
        if (options.max_time) options.max_time = std::max(*options.max_time - halt_.seconds(), 1e-9);
        if (options.progress) options.progress = [this](const Progress& of_part) { tell(of_part); };
        return options;
    }

    /// Of all parts.
    void tell(Progress progress) const {
        const auto starts = static_cast<double>(setting_.starts.count());
        progress.share =
            (static_cast<double>(begun_) + progress.share * static_cast<double>(progress.runs)) / starts;
        progress.runs = setting_.starts.count();
        progress.runs_begun += begun_;
        progress.run_iterations += run_iterations_;
        progress.best_f = setting_.sign * std::min(setting_.sign * progress.best_f, best_f_);
        progress.seconds = halt_.seconds();
        options_.progress(progress);
    }

    Merged merge() {
        const Options options = of_merge(options_);
        Halt halt(options);
        const std::unique_ptr<Engine> engine = make_local_engine(setting_, halt);
        return lanewise::merge(setting_, parts_, halt, *engine);
    }

    const Objective* objective_;
    const Box* box_;
    Options options_;
    const PartKeeper* keeper_;
    Setting setting_;  ///< of all parts
    Halt halt_;
    bool is_narrowed_ = false;
    std::string handed_;
    std::vector<FoundPart> parts_;
    SearchStatus ended_ = SearchStatus::completed;
    // Of the parts that are done:
    std::uint64_t begun_ = 0;
    std::uint64_t run_iterations_ = 0;
    double best_f_ = std::numeric_limits<double>::infinity();
};

}  // namespace

Result minimize_parts(const Objective& objective, const Box& box, const Options& options,
                      const PartKeeper& keeper) {
    validate(objective, box, options);
    if (options.parts == 0 || options.part != 0)
        throw std::invalid_argument(
            fmt::format("parts {}, part {}: all of some parts are expected", options.parts, options.part));
    return AllParts(objective, box, options, keeper).result();
}

}  // namespace lanewise
