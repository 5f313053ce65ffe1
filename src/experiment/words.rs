//! Which of our words was meant by another one.

/// The known word nearest to `word`, if one is near enough to be meant.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Words longer than any name are not typing slips, and comparing costs the product of the lengths.
    if word.chars().count() > 40 {
        return None;
    }
    let word = word.to_lowercase();
    let allowed = (word.chars().count() / 3).max(1);
    let distance = |other: &&str| strsim::damerau_levenshtein(&word, other);
    let known: Vec<&str> = known.into_iter().collect();
    if let Some(alias) = ALIASES
        .iter()
        .find(|(alias, to)| *alias == word && known.contains(to))
    {
        return known.iter().find(|k| **k == alias.1).copied();
    }
    known
        .iter()
        .filter(|other| distance(other) <= allowed)
        .min_by_key(|other| distance(other))
        .or_else(|| {
            // a part of a longer name: `he` for `he-normal`
            known
                .iter()
                .find(|k| word.len() > 1 && k.split(['-', '_']).next() == Some(word.as_str()))
        })
        .copied()
}

/// What other programs call our things.
const ALIASES: &[(&str, &str)] = &[
    ("sigmoid", "logistic"),
    ("swish", "silu"),
    ("identity", "linear"),
    ("hard-swish", "silu"),
    ("leakyrelu", "leaky-relu"),
    ("leaky", "leaky-relu"),
    ("sin", "sine"),
    ("xavier", "glorot-normal"),
    ("xavier-normal", "glorot-normal"),
    ("xavier-uniform", "glorot-uniform"),
    ("xavier_normal", "glorot-normal"),
    ("xavier_uniform", "glorot-uniform"),
    ("kaiming", "he-normal"),
    ("kaiming-normal", "he-normal"),
    ("kaiming-uniform", "he-uniform"),
    ("kaiming_normal", "he-normal"),
    ("kaiming_uniform", "he-uniform"),
    ("gaussian", "normal"),
    ("zero", "zeros"),
    ("one", "ones"),
    ("pytorch", "torch-default"),
    ("momentum", "sgd"),
    ("nesterov", "sgd"),
    ("softmax", "cross-entropy"),
    ("categorical-crossentropy", "cross-entropy"),
    ("categorical-cross-entropy", "cross-entropy"),
    ("crossentropy", "cross-entropy"),
    ("bce", "binary-cross-entropy"),
    ("l1", "mae"),
    ("l2", "mse"),
    ("mnist", "digits"),
    ("iris", "wine"),
    ("lr", "learning_rate"),
    ("rate", "learning_rate"),
    ("betas", "beta1"),
    ("epsilon", "eps"),
    ("neurons", "units"),
    ("nodes", "units"),
    ("size", "units"),
    ("width", "units"),
    ("count", "repeat"),
    ("times", "repeat"),
    ("type", "kind"),
    ("initializer", "init"),
    ("use_bias", "bias"),
    ("batch", "batch_size"),
    ("batchnorm", "batch"),
    ("batch-norm", "batch"),
    ("layernorm", "layer"),
    ("layer-norm", "layer"),
    ("bn", "batch"),
    ("rnn", "recurrent"),
    ("simple", "plain"),
    ("fc", "dense"),
    ("residual", "skip"),
    ("trainable", "frozen"),
    ("l2_regularization", "l2"),
    ("maxnorm", "max_norm"),
    ("clipnorm", "norm"),
];
