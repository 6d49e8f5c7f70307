<?php
// check.php: what the PHP examples of this folder report with

function check(string $what, bool $is_good): void
{
    echo $is_good ? 'ok' : 'not ok', " $what\n";
}

// The error that $work ends with; null where it does not.
function error_of(callable $work): ?Throwable
{
    try {
        $work();
    } catch (Throwable $error) {
        return $error;
    }
    return null;
}
