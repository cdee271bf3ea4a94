#include "fit_state.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <utility>

#include "archive.hpp"
#include "digest.hpp"

namespace lanewise {

namespace {

constexpr std::string_view mark = "lanewise fits\n";
constexpr std::uint64_t format = 1;

/// A digest of what is written, of which there may be much.
class Digest {
  public:
    template <class... Parts>
    void operator()(Parts&&... parts) {
        Writer writer;
        writer(std::forward<Parts>(parts)...);
        digest_ = digest(writer.bytes(), digest_);
    }
    template <class T>
    void numbers(std::span<const T> numbers) {
        (*this)(numbers.size());
        digest_ = digest({reinterpret_cast<const char*>(numbers.data()), numbers.size_bytes()}, digest_);
    }
    std::uint64_t value() const noexcept { return digest_; }

  private:
    std::uint64_t digest_ = digest({});
};

/// All that is told of a problem, for both directions.
template <class Archive>
void archive_problem(Archive& archive, Fits& fits, std::size_t p) {
    const std::size_t d = fits.dimension;
    const auto numbers = [&](std::vector<double>& of, std::size_t size) {
        archive(std::span(of).subspan(p * size, size));
    };
    archive(fits.status[p]);
    numbers(fits.x, d);
    numbers(fits.standard_error, d);
    numbers(fits.covariance, d * d);
    numbers(fits.rss, 1);
    archive(fits.runs[p], fits.agree[p]);
}

}  // namespace

std::uint64_t digest_of(const FitTask& task, const Box& box, const Problems& problems,
                        const FitOptions& options) {
    const Model& model = task.model;
    Digest put;
    const auto put_numbers = [&](std::span<const double> numbers) { put.numbers(numbers); };
    put(task.is_objective, task.maximize, task.most_minima, model.formula, model.response, model.sigma,
        model.weights, model.loss, model.loss_scale);
    for (const auto& [name, number] : model.parameters) put(name, number);
    for (const auto& [name, numbers] : model.tables) {
        put(name);
        put_numbers(numbers);
    }
    for (const Box::Place& place : box.variables()) put(place.name, place.size(), place.log.value_or(false));
    put_numbers(box.lower());
    put_numbers(box.upper());
    put.numbers(std::span(problems.first_rows));
    for (const Problems::Column& column : problems.columns) {
        put(column.name, column.is_shared);
        put_numbers(column.numbers);
    }
    for (const Problems::Parameter& parameter : problems.parameters) {
        put(parameter.name);
        put_numbers(parameter.numbers);
    }
    put_numbers(problems.lower);
    put_numbers(problems.upper);
    put_numbers(problems.starts);
    put(options.starts.value_or(0), options.starts.has_value(), options.seed, options.iterations);
    for (const std::vector<double>& start : options.start_points) put_numbers(start);
    put(options.rule.method, options.rule.alpha, options.rule.beta1, options.rule.used_beta2(),
        options.rule.eps);
    put(options.most_steps, options.tolerance, options.absolute_sigma, options.precision);
    return put.value();
}

FitState::FitState(const FitTask& task, const Box& box, const Problems& problems, const FitOptions& options)
    : digest_(options.checkpoint || !options.resume.empty() ? digest_of(task, box, problems, options) : 0) {}

std::string FitState::write(Fits& fits, const std::vector<std::atomic<bool>>& is_done) const {
    Writer writer;
    std::vector<std::uint64_t> done;
    for (std::size_t p = 0; p < is_done.size(); ++p) {
        if (is_done[p].load(std::memory_order_acquire)) done.push_back(p);
    }
    writer(format, digest_, done);
    for (const std::uint64_t p : done) archive_problem(writer, fits, p);
    const std::string body = writer.take();
    Writer end;
    end(digest(body));
    return std::string(mark) + body + end.take();
}

void FitState::read(std::string_view bytes, Fits& fits, std::vector<std::atomic<bool>>& is_done) const {
    if (!bytes.starts_with(mark)) throw std::invalid_argument("resume: this is no checkpoint of fits");
    bytes.remove_prefix(mark.size());
    std::uint64_t checksum = 0;
    Reader::require(bytes.size() >= sizeof checksum);
    const std::string_view body = bytes.substr(0, bytes.size() - sizeof checksum);
    Reader(bytes.substr(body.size()))(checksum);
    Reader::require(checksum == digest(body));
    Reader reader(body);
    std::uint64_t version = 0;
    std::uint64_t its_digest = 0;
    reader(version);
    if (version != format)
        throw std::invalid_argument("resume: the checkpoint is of another version of lanewise");
    std::vector<std::uint64_t> done;
    reader(its_digest, done);
    if (its_digest != digest_)
        throw std::invalid_argument(
            "resume: the checkpoint is of another fit: model, data, bounds or options differ");
    for (const std::uint64_t p : done) {
        Reader::require(p < is_done.size(), "problem");
        archive_problem(reader, fits, p);
        Reader::require(static_cast<std::size_t>(fits.status[p]) < fit_statuses, "status");
        is_done[p].store(true);
    }
    Reader::require(reader.at_end());
}

}  // namespace lanewise
