use super::super::reply::parse;
use super::*;

/// A conversation as a table: `<` the machine says, `>` the host must write, `+` milliseconds pass, `!` it gives up,
/// `silent` and `still waiting` say whether that is remarked on, `reports` that the machine
/// was told to report, `hurry` that the person cancels, `commands` what else there is to send than the usual.
fn check(script: &str) {
    let mut now = Instant::now();
    let mut engine = Engine::new(Patience {
        ordinary: Duration::from_millis(100),
        long_running: Duration::from_secs(1),
        after_resend: Duration::from_millis(50),
        remark: Duration::from_millis(400),
        quiet: Duration::from_millis(1_500),
        silent: Duration::from_secs(4),
        silent_at_work: Duration::from_secs(90),
        silent_for_long: Duration::from_secs(600),
    });
    let mut commands: VecDeque<String> = ["G1 X1", "G1 X2", "G28", "G1 X3", "G1 X4"].map(String::from).into();
    let mut failed = false;
    for line in script.lines().map(str::trim).filter(|l| !l.is_empty()) {
        let (kind, rest) = line.split_at(1);
        let rest = rest.trim();
        match kind {
            "<" => failed |= engine.on_reply(&parse(rest), now).is_err(),
            "+" => now += Duration::from_millis(rest.parse().unwrap()),
            "r" => engine.expect_reports(),
            "c" => commands = rest.trim_start_matches("ommands").split(',').map(|c| c.trim().to_owned()).collect(),
            "h" => engine.hurry(now),
            "s" => assert_eq!(engine.silence(now).is_some(), rest == "ilent", "at {line:?} of\n{script}"),
            "!" => assert!(failed || engine.next_write(now, &mut || None).is_err(), "did not give up"),
            ">" => {
                let wrote = engine.next_write(now, &mut || commands.pop_front()).unwrap();
                let wrote = wrote.map_or(String::new(), |w| w.replace('\n', "|"));
                let expected = if rest.is_empty() {
                    String::new()
                } else {
                    let (number, command) = rest.trim_start_matches('|').split_once(' ').unwrap();
                    let bare = if rest.starts_with('|') { "|" } else { "" };
                    format!("{bare}{}|", framed(number.parse().unwrap(), command))
                };
                assert_eq!(wrote, expected, "at {line:?} of\n{script}");
            }
            _ => panic!("{line}"),
        }
    }
}

#[test]
fn each_line_waits_for_the_ok_of_the_one_before() {
    check("> 1 G1 X1\n >\n < ok\n > 2 G1 X2\n < T:20 /0 B:20 /0\n >\n < ok N2 P15 B3\n > 3 G28");
}

#[test]
fn a_refused_line_is_sent_again_once_and_its_own_ok_acknowledges_nothing_new() {
    check(
        "> 1 G1 X1
         < ok
         > 2 G1 X2
         < Error:checksum mismatch, Last Line: 1
         < Resend: 2
         >
         < ok
         > 2 G1 X2
         < ok
         > 3 G28",
    );
}

#[test]
fn the_ok_after_a_resend_is_assumed_when_it_does_not_come() {
    check("> 1 G1 X1\n < Resend:1\n >\n + 49\n >\n + 2\n > 1 G1 X1\n < ok\n > 2 G1 X2");
}

#[test]
fn a_lost_ok_is_asked_for_and_the_line_is_not_sent_again() {
    check("> 1 G1 X1\n + 99\n >\n + 2\n > |2 M105\n < ok T:20 /0 B:20 /0\n > 3 G1 X2");
}

#[test]
fn a_late_ok_and_the_answer_of_the_probe_acknowledge_both() {
    check("> 1 G1 X1\n + 101\n > |2 M105\n < ok\n >\n < ok T:20 /0 B:20 /0\n > 3 G1 X2");
}

#[test]
fn a_lost_line_is_found_by_the_probe_and_both_are_sent_in_order() {
    check(
        "> 1 G1 X1
         + 101
         > |2 M105
         < Error:Line Number is not Last Line Number+1, Last Line: 0
         < Resend: 1
         < ok
         > 1 G1 X1
         < ok
         > 2 M105
         < ok T:20 /0
         > 3 G1 X2",
    );
}

#[test]
fn silence_after_a_line_sent_again_means_that_it_was_accepted() {
    check("> 1 G1 X1\n < ok\n > 2 G1 X2\n < Resend: 1\n < ok\n > 1 G1 X1\n + 101\n > 2 G1 X2\n < ok\n > 3 G28");
}

#[test]
fn a_damaged_resend_number_resolves_nothing_and_the_probe_does() {
    check(
        "> 1 G1 X1
         < Resend: 77
         < ok
         >
         + 101
         > |2 M105
         < Resend: 1
         < ok
         > 1 G1 X1
         < ok
         > 2 M105",
    );
}

#[test]
fn a_request_for_the_line_that_comes_next_means_that_all_before_it_arrived() {
    check("> 1 G1 X1\n < Resend: 2\n < ok\n > 2 G1 X2");
}

#[test]
fn busy_and_heating_reports_extend_the_wait() {
    check(
        "> 1 G1 X1\n + 90\n < echo:busy: processing\n + 90\n >\n < ok\n > 2 G1 X2\n < ok\n > 3 G28\n + 900\n < T:20 /0\n + 900\n >",
    );
}

#[test]
fn a_machine_that_talks_while_it_works_is_soon_missed_and_one_that_never_did_is_given_time() {
    // It says `busy`: long work is no silence, silence is no long work.
    check(
        "> 1 G1 X1
         < ok
         > 2 G1 X2
         < echo:busy: processing
         < ok
         > 3 G28
         + 300
         still waiting
         < echo:busy: processing
         + 1400
         silent
         < echo:busy: processing
         + 1400
         > |4 M105
         + 101
         !",
    );
    // It reports by itself.
    check("reports\n > 1 G1 X1\n < ok\n > 2 G1 X2\n < T:20 /0\n < ok\n > 3 G28\n + 1400\n silent\n + 101\n !");
    // It was never heard to do either: it may home for long, and is asked what became of the line.
    check("> 1 G1 X1\n < ok\n > 2 G1 X2\n < ok\n > 3 G28\n + 999\n still waiting\n >\n + 2\n silent\n > |4 M105");
    check("> 1 G1 X1\n < ok\n > 2 G1 X2\n < ok\n > 3 G28\n + 89999\n > |4 M105\n + 2\n !");
}

#[test]
fn whoever_cancels_does_not_wait_for_a_silent_machine() {
    check("> 1 G1 X1\n < ok\n > 2 G1 X2\n < ok\n > 3 G28\n + 50000\n > |4 M105\n hurry\n + 1499\n > \n + 2\n !");
}

#[test]
fn reports_that_come_by_themselves_do_not_hide_a_lost_ok() {
    let report = "+ 600\n < T:20 /0 B:20 /0\n";
    check(&format!("reports\n > 1 G1 X1\n < ok\n > 2 G1 X2\n < ok\n > 3 G28\n {report} > \n {report} > |4 M105"));
    // While it heats, and says so, it is still working.
    let heats = "+ 600\n < T:20 /200 B:20 /0 W:?\n";
    check(&format!("reports\n > 1 G1 X1\n < ok\n > 2 G1 X2\n < ok\n > 3 G28\n {heats} > \n {heats} >"));
}

#[test]
fn each_report_that_was_asked_for_is_answered_and_acknowledges_no_line_after_it() {
    // A bed that heats without a word: it is asked twice, and answers both when it is warm.
    let heated = "commands M190 S60, G28, G1 X1\n > 1 M190 S60\n + 1001\n > |2 M105\n + 2001\n > |3 M105\n < ok\n > \n";
    let answer = "< ok T:20 /0 B:60 /60\n";
    check(&format!("{heated} {answer} > \n {answer} > 4 G28\n > \n < ok\n > 5 G1 X1"));
    // One of the answers was lost: it goes on, and asks no more.
    check(&format!("{heated} {answer} + 99\n > \n + 2\n > 4 G28\n < ok\n > 5 G1 X1"));
    // The answer was only late: it does not acknowledge what was sent since.
    check(&format!("{heated} {answer} + 101\n > 4 G28\n {answer} > \n < ok\n > 5 G1 X1"));
    // The question itself was lost: the machine asks for it.
    check(&format!(
        "{heated} {answer} + 101\n > 4 G28\n < Resend: 3\n < ok\n > 3 M105\n {answer} > 4 G28\n < ok\n > 5 G1 X1"
    ));
    // The ok of the bed was lost: the first answer acknowledges it.
    let lost = "commands M190 S60, G28\n > 1 M190 S60\n + 1001\n > |2 M105\n";
    check(&format!("{lost} {answer} > 3 G28"));
}

#[test]
fn a_machine_that_reports_a_heater_on_its_way_is_at_work() {
    let begins = "reports\n commands M190 S60, G28\n > 1 M190 S60\n";
    let warms = "+ 900\n < T:20 /0 B:40 /60\n > \n";
    check(&format!("{begins} {} < ok\n > 2 G28", warms.repeat(300)));
    // It is warm, and its ok does not come: that is asked for, however often it reports.
    let warm = "+ 900\n < T:20 /0 B:60 /60\n";
    check(&format!("{begins} {warms} {warm} > \n {warm} > |2 M105\n < ok T:20 /0 B:60 /60\n > 3 G28"));
}

#[test]
fn a_machine_that_was_told_to_be_quiet_is_not_missed() {
    let talks = "reports\n > 1 G1 X1\n < echo:busy: processing\n < T:20 /0\n < ok\n";
    // Both are switched off, or so rare that they are no sign.
    for every in ["S0", "S30"] {
        check(&format!(
            "{talks} commands M113 {every}, M155 {every}, G29\n > 2 M113 {every}\n < ok\n > 3 M155 {every}\n < ok\n \
             > 4 G29\n + 89000\n > |5 M105\n < ok\n < ok T:20 /0\n >"
        ));
    }
    // One of them is enough; and it talks again when it is told to.
    check(&format!("{talks} commands M113 S0, G29\n > 2 M113 S0\n < ok\n > 3 G29\n + 1501\n !"));
    check(&format!(
        "{talks} commands M113 S0, M155 S0, M113 S2, G28\n > 2 M113 S0\n < ok\n > 3 M155 S0\n < ok\n > 4 M113 S2\n < ok\n \
         > 5 G28\n < echo:busy: processing\n + 1501\n !"
    ));
}

#[test]
fn each_command_has_the_time_that_it_may_take() {
    let give_up = |command: &str, after_ms: u32| {
        check(&format!("commands {command}\n > 1 {command}\n + {}\n > |2 M105\n + 2\n !", after_ms - 1));
    };
    give_up("G1 X1", 4_000);
    give_up("G28", 90_000);
    give_up("G29", 600_000);
    give_up("M109 S200", 600_000);
    give_up("G4 S60", 64_000);
    // A person may be at lunch, and is not asked without end.
    let asked = |n: u32| format!("+ 8001\n > |{n} M105\n");
    let asked: String = (2..8).map(asked).collect();
    check(&format!("commands M0, G1 X1\n > 1 M0\n {asked} + 99999999\n > \n < ok\n >"));
}

#[test]
fn a_stale_numbered_ok_is_ignored() {
    check("> 1 G1 X1\n < ok N1\n > 2 G1 X2\n < ok N1\n >\n < ok N2\n > 3 G28");
}

#[test]
fn it_gives_up_on_a_line_asked_for_without_end_on_silence_on_a_restart_and_on_a_halt() {
    let round = "< Resend: 1\n < ok\n > 1 G1 X1\n";
    check(&format!("> 1 G1 X1\n {} < Resend: 1\n !", round.repeat(10)));
    check(
        "> 1 G1 X1\n + 101\n > |2 M105\n + 201\n > |3 M105\n + 401\n > |4 M105\n + 801\n > |5 M105\n + 801\n > |6 M105\n + 801\n > |7 M105\n + 801\n !",
    );
    check("> 1 G1 X1\n < start\n !");
    check("> 1 G1 X1\n < Error:Printer halted. kill() called!\n !");
}

#[test]
fn opening_numbers_the_first_line_zero() {
    let now = Instant::now();
    let mut engine = Engine::new(Patience::default());
    assert_eq!(engine.opening(now), "\nN0 M110 N0*125\n");
    assert!(!engine.is_settled());
    engine.on_reply(&parse("ok"), now).unwrap();
    assert!(engine.is_settled());
    assert!(engine.next_write(now, &mut || Some("M115".into())).unwrap().unwrap().starts_with("N1 M115*"));
}
