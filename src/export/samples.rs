//! What the tests of both frameworks' scripts write.

use super::job::Job;

pub const ADDING: &str =
    "format = 1\n[data]\nkind = \"adding\"\nlength = 10\n[[network.layers]]\nunits = 16\n";

pub const LSTM: &str = "format = 1\n[data]\nkind = \"adding\"\nlength = 10\n[[network.layers]]\nkind = \"recurrent\"\nunits = 6\n\
    cell = { kind = \"lstm\", forget_bias = 1.5 }\n";

/// Two classes whose labels are smoothed.
pub const SMOOTHED: &str = "format = 1\n[data]\nkind = \"moons\"\n[[network.layers]]\nunits = 3\n[training]\n\
    loss = \"binary-cross-entropy\"\nlabel_smoothing = 0.1\n";

/// More hidden layers, which drop units.
pub const DROPOUTS: &str = "[[network.layers]]\nunits = 5\nactivation = \"selu\"\ndropout = 0.25\n\
    [[network.layers]]\nunits = 5\nactivation = \"relu\"\ndropout = 0.5\n";

/// Lower layers that another run has trained.
pub const TRANSFERRED: &str = "format = 1\n[data]\nkind = \"wine\"\n[network]\nactivation = \"prelu\"\n[[network.layers]]\nunits = 5\n\
    repeat = 3\ndropout = 0.1\n[network.transfer]\nfrom = \"below/w.safetensors\"\nlayers = 2\n";

/// Of a good file, on data that are made or shipped.
pub fn job(toml: &str) -> Job {
    let experiment = crate::experiment::parse(toml, "test.toml").expect("a good file");
    let folder = std::path::Path::new(".");
    let data = crate::data::load(&experiment.request(), folder, &|_| {}).expect("data");
    Job::new(&experiment, &data, folder).expect("fits")
}
