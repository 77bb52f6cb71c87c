<?php

declare(strict_types=1);

/**
 * A Klarna of your tests' own: starts `kvitt sandbox`, and stops it when they are done.
 *
 * Copy this file beside your tests. It needs PHP 8.0 or newer, without extensions, and the program
 * `kvitt`, on the PATH or named by the environment variable KVITT.
 */
final class Sandbox
{
    private const READY = 'listening on ';

    /** Where the sandbox listens, as http://127.0.0.1:PORT. */
    public string $url;

    /** @var resource */
    private $process;

    /** @var resource */
    private $output;

    /** Starts a sandbox and waits until it answers. */
    public function __construct()
    {
        // Port 0 takes any free port, so that test runs do not get in each other's way.
        $command = [getenv('KVITT') ?: 'kvitt', 'sandbox', '--listen', '127.0.0.1:0'];
        // Given as a list, the program is run without a shell between, so that SIGTERM reaches it.
        $process = proc_open($command, [1 => ['pipe', 'w'], 2 => STDERR], $pipes);
        if ($process === false) {
            throw new RuntimeException("cannot run $command[0]");
        }
        $this->process = $process;
        $this->output = $pipes[1];
        // The sandbox says where it is once it answers: no polling, no sleeping. If it cannot
        // start, this line is empty and the reason is on stderr.
        $line = trim((string) fgets($this->output));
        if (!str_starts_with($line, self::READY)) {
            proc_terminate($process, 9);
            proc_close($process);
            throw new RuntimeException("kvitt sandbox did not start; it said \"$line\"");
        }
        $this->url = substr($line, strlen(self::READY));
    }

    /** Asks the sandbox to end, as `docker stop` would, and expects that it ends well. */
    public function stop(): void
    {
        proc_terminate($this->process, 15); // SIGTERM, whose name is in an extension
        fclose($this->output);
        $code = proc_close($this->process); // waits for the end
        if ($code !== 0) {
            throw new RuntimeException("kvitt sandbox ended with exit code $code");
        }
    }

    // What Klarna does not have: the shopper, the clock, faults. It needs no credentials.

    /** Stands in for the shopper, who says yes unless told otherwise (['outcome' => 'denied']). */
    public function authorize(string $sessionId, array $wishes = []): array
    {
        return $this->control("sessions/$sessionId/authorize", $wishes);
    }

    /** Moves the sandbox's clock forward by an ISO 8601 duration, such as P28D or PT61M. */
    public function advance(string $by): array
    {
        return $this->control('clock/advance', ['by' => $by]);
    }

    /** Makes requests go wrong from now on. */
    public function addFault(array $fault): array
    {
        return $this->control('faults', $fault);
    }

    /** Forgets everything: sessions, orders, faults, and how far the clock was moved. */
    public function reset(): void
    {
        $this->control('reset', []);
    }

    private function control(string $path, array $body): ?array
    {
        $answer = self::send('POST', "$this->url/sandbox/v1/$path", [], $body);
        if ($answer === null || $answer['status'] >= 300) {
            throw new RuntimeException("$path: " . json_encode($answer));
        }
        return $answer['body'];
    }

    /**
     * One HTTP exchange, by PHP alone: status, headers by lower-case name, and what the JSON says.
     * Null if no answer came.
     *
     * @param array<string, string> $headers
     */
    public static function send(string $method, string $url, array $headers, ?array $body): ?array
    {
        $lines = ['Content-Type: application/json'];
        foreach ($headers as $name => $value) {
            $lines[] = "$name: $value";
        }
        // Refusals are answers too, not errors.
        $options = ['method' => $method, 'header' => $lines, 'ignore_errors' => true];
        $options['timeout'] = 10; // seconds
        if ($body !== null) {
            $options['content'] = json_encode($body ?: new stdClass());
        }
        // Without an answer, PHP warns and returns false.
        $stream = @fopen($url, 'r', false, stream_context_create(['http' => $options]));
        if ($stream === false) {
            return null;
        }
        $received = stream_get_meta_data($stream)['wrapper_data'];
        $text = stream_get_contents($stream);
        fclose($stream);
        $answer = ['status' => (int) explode(' ', $received[0])[1], 'headers' => []];
        foreach (array_slice($received, 1) as $line) {
            [$name, $value] = explode(':', $line, 2);
            $answer['headers'][strtolower($name)] = trim($value);
        }
        $answer['body'] = $text === '' ? null : json_decode($text, true);
        return $answer;
    }
}
